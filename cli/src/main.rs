//! `dagward`: runs the filter's own code offline.

mod cases;
mod check;
mod exit;
mod explain;
mod files;
mod inspect;
mod jws;
mod output;
mod report;
mod schema;
mod source;
mod time;
mod validate;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Validate, explain and test dagward policies, with the filter's own code
#[derive(Debug, Parser)]
#[command(name = "dagward", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Validate(validate::Validate),
    Explain(Box<explain::Explain>),
    Test(cases::Test),
    Schema(schema::Schema),
    /// Inspect tokens
    #[command(subcommand)]
    Token(Token),
}

#[derive(Debug, Subcommand)]
enum Token {
    Inspect(inspect::Inspect),
}

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Validate(validate) => validate.run(),
        Command::Explain(explain) => explain.run(),
        Command::Test(test) => test.run(),
        Command::Schema(schema) => schema.run(),
        Command::Token(Token::Inspect(inspect)) => inspect.run(),
    }
}
