-- The same checks as dagward's, as one would write them by hand for one kind of request: the
-- peer's SPIFFE ID, the task headers, the DAG in the path, the team's rule, the answer, the
-- request id and what access logs need. `teams` stands above: principal -> prefix of its DAGs.
--
-- What it does not do, and dagward does: count or time anything (Lua has no metrics); know more
-- than a few of Airflow's routes, or query parameters; decode percent-encoded paths and ids (it
-- refuses them); notice repeated headers; check that ids are ids; say in the log what failed;
-- read its rules without a restart of its script.

local routes = {
  { "GET", "^/execution/xcoms/([^/]+)/[^/]+/[^/]+/.", "xcom:read" },
  { "POST", "^/execution/xcoms/([^/]+)/[^/]+/[^/]+/.", "xcom:create" },
  { "DELETE", "^/execution/xcoms/([^/]+)/[^/]+/[^/]+/.", "xcom:delete" },
  { "GET", "^/execution/dag%-runs/([^/]+)/[^/]+$", "dag_run:read" },
  { "GET", "^/execution/dag%-runs/([^/]+)/[^/]+/state$", "dag_run:read" },
}

local proofs = { pod = true, airflow = true }

local function starts_with(text, prefix)
  return text ~= nil and string.sub(text, 1, #prefix) == prefix
end

local function ambiguous(path)
  return string.find(path, "[%%#;\\%c]") or string.find(path, "//", 1, true) or string.find(path, "/.", 1, true)
end

local function refuse(handle, status, reason, request_id)
  handle:respond(
    { [":status"] = status, ["content-type"] = "application/json", ["x-request-id"] = request_id },
    '{"detail":{"reason":"' .. reason .. '","request_id":"' .. (request_id or "") .. '"}}'
  )
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local info = handle:streamInfo()
  local request_id = headers:get("x-request-id")
  local path = string.match(headers:get(":path"), "^[^?]*")
  if ambiguous(path) then
    return refuse(handle, "400", "malformed_path", request_id)
  end

  local tls = info:downstreamSslConnection()
  local principal = tls and tls:uriSanPeerCertificate()[1]
  local own = principal and teams[principal]
  local acting_dag = headers:get("x-airflow-dag-id")
  local run = headers:get("x-airflow-run-id")
  local task = headers:get("x-airflow-task-id")
  local proof = headers:get("x-airflow-proof")
  if headers:get("x_airflow_dag_id") then
    return refuse(handle, "400", "malformed_task_headers", request_id)
  end

  local method = headers:get(":method")
  local dag, action
  for _, route in ipairs(routes) do
    if route[1] == method then
      dag = string.match(path, route[2])
      if dag then
        action = route[3]
        break
      end
    end
  end
  local allowed = own and proofs[proof] and action and starts_with(acting_dag, own) and starts_with(dag, own)
  info:dynamicMetadata():set("dagward", "task", {
    dag_id = acting_dag,
    task_id = task,
    run_id = run,
    caller = principal,
    decision = allowed and "allowed" or "denied",
    policy = "teams-run-their-own-dags",
    request_id = request_id,
  })
  if not allowed then
    return refuse(handle, "403", "dagward_denied", request_id)
  end
  if not headers:get("correlation-id") then
    headers:replace("correlation-id", request_id)
  end
end

function envoy_on_response(handle)
  local metadata = handle:streamInfo():dynamicMetadata():get("dagward")
  if metadata then
    handle:headers():replace("x-request-id", metadata["task"]["request_id"])
  end
end
