//! Requests of several principals at one proxy, with an Airflow that knows its tokens.

mod airflow_teams;
mod answers;
mod bodies;
mod callbacks;
mod life;
mod lines;
mod mesh;
mod sequences;
mod teaching;
mod trailers;
