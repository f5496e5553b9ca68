//! Kubernetes' API over the lab's own HTTP client: a call takes a millisecond, while `kubectl`
//! starts a process.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use dagward_testbed::certs::Identity;
use dagward_testbed::client::{Client, Request, Response};
use dagward_workbench::wait;

/// The API server with the identity that calls it.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    address: SocketAddr,
    host: String,
}

/// The content type of a change: the fields that change, with their new values (RFC 7396).
const MERGE: &str = "application/merge-patch+json";

impl Api {
    /// The API server at `address`, called as `identity`.
    pub(super) fn new(address: SocketAddr, identity: &Identity) -> Result<Self> {
        Ok(Self {
            client: Client::mtls(address, identity)?,
            address,
            host: address.to_string(),
        })
    }

    /// The API server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The object or the list at `path`, such as `/api/v1/namespaces/airflow/pods/x`; `None` if it
    /// does not exist.
    pub fn find(&self, path: &str) -> Result<Option<Value>> {
        let response = self.client.send(&Request::get(&self.host, path))?;
        if response.status == 404 {
            return Ok(None);
        }
        object(path, &response).map(Some)
    }

    /// The object or the list at `path`.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.find(path)?.with_context(|| format!("no `{path}`"))
    }

    /// Reads the object at `path` until `wanted` returns a value for it. A busy API server fails to
    /// answer some requests.
    pub fn when<T>(
        &self,
        path: &str,
        limit: Duration,
        mut wanted: impl FnMut(&Value) -> Option<T>,
    ) -> Result<T> {
        let mut last = Ok(None);
        let found = wait::until(&format!("`{path}`"), limit, || {
            last = self.find(path);
            let object = last.as_ref().ok().and_then(Option::as_ref);
            Ok(object.and_then(&mut wanted))
        });
        found.map_err(|timeout| match last {
            Ok(object) => {
                let status = object.as_ref().and_then(|object| object.pointer("/status"));
                timeout.context(format!("its status: {}", status.unwrap_or(&Value::Null)))
            }
            Err(error) => error.context(timeout),
        })
    }

    /// Creates an object in the collection at `path`.
    pub fn create(&self, path: &str, object: &Value) -> Result<Value> {
        self.send("POST", path, "application/json", object)
    }

    /// Creates an object unless one with its name exists.
    pub(super) fn provide(&self, path: &str, object: &Value) -> Result<()> {
        let request = request("POST", &self.host, path, "application/json", object);
        let response = self.client.send(&request)?;
        match response.status {
            409 => Ok(()),
            _ => self::object(path, &response).map(|_| ()),
        }
    }

    /// Changes fields of the object at `path`.
    pub fn change(&self, path: &str, fields: &Value) -> Result<Value> {
        self.send("PATCH", path, MERGE, fields)
    }

    /// Creates or changes the object at `path` so that it has these fields (server-side apply).
    pub(super) fn apply(&self, path: &str, object: &Value) -> Result<Value> {
        let path = format!("{path}?fieldManager=dagward-lab&force=true");
        self.send("PATCH", &path, "application/apply-patch+yaml", object)
    }

    /// Removes the object at `path` at once, if it exists.
    pub fn remove(&self, path: &str) -> Result<()> {
        self.delete(path, &json!({"gracePeriodSeconds": 0}))
    }

    /// Deletes the object at `path`; a pod gets its grace period.
    pub fn delete(&self, path: &str, options: &Value) -> Result<()> {
        let request = request("DELETE", &self.host, path, "application/json", options);
        let response = self.client.send(&request)?;
        match response.status {
            404 => Ok(()),
            _ => object(path, &response).map(|_| ()),
        }
    }

    /// A token of a service account for `audience` (the API server, if `audience` is not set),
    /// bound to the pod if one is given, by TokenRequest.
    pub fn token(
        &self,
        namespace: &str,
        account: &str,
        audience: Option<&str>,
        pod: Option<&Value>,
    ) -> Result<String> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
        let audiences: Vec<&str> = audience.into_iter().collect();
        let bound = pod.and_then(|pod| pod.pointer("/metadata")).map(|metadata| {
            let [name, uid] = ["name", "uid"].map(|field| metadata.get(field));
            json!({"kind": "Pod", "apiVersion": "v1", "name": name, "uid": uid})
        });
        let spec = json!({"audiences": audiences, "expirationSeconds": 3600, "boundObjectRef": bound});
        let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec});
        let answer = self.create(&path, &request)?;
        let token = answer.pointer("/status/token").and_then(Value::as_str);
        Ok(token.context("the answer has no token")?.to_owned())
    }

    fn send(&self, method: &str, path: &str, form: &str, body: &Value) -> Result<Value> {
        let request = request(method, &self.host, path, form, body);
        object(path, &self.client.send(&request)?)
    }
}

fn request(method: &str, host: &str, path: &str, form: &str, body: &Value) -> Request {
    Request::new(method, host, path)
        .header("content-type", form)
        .header("accept", "application/json")
        .body(body.to_string())
}

fn object(path: &str, response: &Response) -> Result<Value> {
    let answer = response.json()?;
    if response.status >= 300 {
        let message = answer
            .pointer("/message")
            .and_then(Value::as_str)
            .unwrap_or_default();
        bail!("`{path}`: {}: {message}", response.status);
    }
    Ok(answer)
}
