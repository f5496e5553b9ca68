-- The same checks as dagward's, as an engineer would write them by hand for speed: tables made
-- once, one pass over the headers, no pattern where a comparison is enough. `teams` is defined
-- above: principal -> prefix of its DAGs.
--
-- Unlike dagward, this script does not count or time anything (Lua has no metrics), does not know
-- Airflow's other surfaces, query parameters and bodies, supports only this form of rule, does not
-- log what failed, and reads new rules only when the script starts again.

-- Method and path of the Execution API: `*` is a segment, `**` the rest, `dag` the DAG.
local routes = {
  { "GET", "/execution/connections/*", "connection:read" },
  { "GET", "/execution/dag-runs/dag/*", "dag_run:read" },
  { "POST", "/execution/dag-runs/dag/*", "dag_run:trigger" },
  { "POST", "/execution/dag-runs/dag/*/clear", "dag_run:clear" },
  { "GET", "/execution/dag-runs/dag/*/state", "dag_run:read" },
  { "GET", "/execution/dags/dag", "dag:read" },
  { "GET", "/execution/task-instances/previous/dag/*", "task_instance:read" },
  { "PATCH", "/execution/task-instances/*/run", "task_instance:run" },
  { "PATCH", "/execution/task-instances/*/state", "task_instance:state" },
  { "PUT", "/execution/task-instances/*/heartbeat", "task_instance:heartbeat" },
  { "PUT", "/execution/task-instances/*/rtif", "task_instance:update" },
  { "GET", "/execution/variables/**", "variable:read" },
  { "PUT", "/execution/variables/**", "variable:update" },
  { "DELETE", "/execution/variables/**", "variable:delete" },
  { "GET", "/execution/xcoms/dag/*/*/**", "xcom:read" },
  { "POST", "/execution/xcoms/dag/*/*/**", "xcom:create" },
  { "DELETE", "/execution/xcoms/dag/*/*/**", "xcom:delete" },
}

-- The resources that a team may use in its own DAGs.
local allowed_resources = { ["task_instance"] = true, ["xcom"] = true }
local allowed_actions = { ["dag_run:read"] = true }
local proofs = { pod = true, airflow = true }
local contract = {
  ["x-airflow-dag-id"] = true,
  ["x-airflow-run-id"] = true,
  ["x-airflow-task-id"] = true,
  ["x-airflow-map-index"] = true,
  ["x-airflow-try-number"] = true,
  ["x-airflow-ti-id"] = true,
  ["x-airflow-proof"] = true,
}

-- The routes as a tree of segments.
local tree = {}
for _, route in ipairs(routes) do
  local node = tree
  for segment in string.gmatch(route[2], "[^/]+") do
    if segment == "dag" then
      segment = "*"
      node.dag = true
    end
    node[segment] = node[segment] or {}
    node = node[segment]
  end
  node.actions = node.actions or {}
  node.actions[route[1]] = route[3]
end

-- The node of a path and the DAG in it.
local function find(path)
  local node, dag = tree, nil
  for segment in string.gmatch(path, "/([^/]*)") do
    local after = node[segment] or node["*"]
    if not after then
      return node["**"], dag
    end
    if node.dag then
      dag = dag or segment
    end
    node = after
  end
  return node, dag
end

-- Decodes each `%XX` to a byte; returns nil if the text is malformed.
local function decode(text)
  if not string.find(text, "%", 1, true) then
    return text
  end
  if string.find(text, "%%[^%x]") or string.find(text, "%%.?$") or string.find(text, "%%%x[^%x]") then
    return nil
  end
  return (string.gsub(text, "%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

-- The path as Airflow reads it, or nil if two parsers could read it differently.
local function read_path(target)
  local path = string.match(target, "^[^?]*")
  if string.find(path, "%", 1, true) then
    if string.find(path, "%%2[fF]") then
      return nil
    end
    path = decode(path)
  end
  if not path or string.find(path, "[#;\\%c\128-\255]") then
    return nil
  end
  if string.find(path, "//", 1, true) or string.find(path, "/%.%.?/") or string.find(path, "/%.%.?$") then
    return nil
  end
  return path
end

local function is_id(text)
  return text ~= nil and #text > 0 and #text <= 250 and not string.find(text, "[^%w_.%-\128-\255]")
end

local function is_run_id(text)
  return text ~= nil and #text > 0 and #text <= 250 and not string.find(text, "%c")
end

local function is_uuid(text)
  return #text == 36 and string.find(text, "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x+$") ~= nil
end

local function is_number(text, least)
  local number = string.find(text, "^%-?%d+$") and tonumber(text)
  return number and number >= least
end

-- The task headers, or nil if they break their contract.
local function task_headers(headers)
  local task = {}
  for name, value in pairs(headers) do
    if string.byte(name, 1) == 120 and (string.sub(name, 2, 9) == "-airflow" or string.find(name, "_", 1, true)) then
      local contracted = string.gsub(name, "_", "-")
      if contract[contracted] then
        if contracted ~= name or task[name] then
          return nil
        end
        task[name] = decode(value) or ""
      end
    end
  end
  local dag, run, id = task["x-airflow-dag-id"], task["x-airflow-run-id"], task["x-airflow-task-id"]
  local index, try, ti = task["x-airflow-map-index"], task["x-airflow-try-number"], task["x-airflow-ti-id"]
  if not dag then
    return not (run or id or index or try or ti) and task or nil
  end
  local sound = is_id(dag)
    and (not run or is_run_id(run))
    and (not id or is_id(id))
    and (not index or is_number(index, -1))
    and (not try or is_number(try, 0))
    and (not ti or is_uuid(ti))
  return sound and task or nil
end

-- The namespace of each principal, parsed once; nil if the principal is not a SPIFFE ID.
local namespaces = {}
local function namespace_of(principal)
  local known = namespaces[principal]
  if known == nil then
    known = string.match(principal, "^spiffe://cluster%.local/ns/([a-z0-9%-]+)/sa/[a-z0-9%-]+$") or false
    namespaces[principal] = known
  end
  return known
end

local function new_request_id()
  return (string.gsub("xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx", "x", function()
    return string.format("%x", math.random(0, 15))
  end))
end

local function refuse(handle, status, reason, request_id)
  handle:respond(
    { [":status"] = status, ["content-type"] = "application/json", ["x-request-id"] = request_id },
    '{"detail":{"reason":"' .. reason .. '","request_id":"' .. request_id .. '"}}'
  )
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local info = handle:streamInfo()
  local request_id = headers:get("x-request-id")
  if not request_id or not is_uuid(request_id) then
    request_id = new_request_id()
    headers:replace("x-request-id", request_id)
  end
  local tls = info:downstreamSslConnection()
  local principal = tls and tls:uriSanPeerCertificate()[1]
  local namespace = principal and namespace_of(principal)
  if principal and not namespace then
    return refuse(handle, "403", "malformed_identity", request_id)
  end
  local task = task_headers(headers)
  if not task then
    return refuse(handle, "403", "malformed_task_headers", request_id)
  end
  local path = read_path(headers:get(":path"))
  if not path then
    return refuse(handle, "403", "malformed_path", request_id)
  end

  -- The filter believes the proof only of callers in the proxy's own namespace.
  local proof = task["x-airflow-proof"]
  if namespace ~= "airflow" and proof then
    headers:remove("x-airflow-proof")
    proof = "claimed"
  end
  local own = principal and teams[principal]
  local acting = task["x-airflow-dag-id"]
  local node, dag = find(path)
  local action = node and node.actions and node.actions[headers:get(":method")]
  local permitted = action
    and (allowed_actions[action] or allowed_resources[string.match(action, "^[^:]+")])
  local allowed = own
    and permitted
    and proofs[proof]
    and dag
    and acting
    and string.sub(acting, 1, #own) == own
    and string.sub(dag, 1, #own) == own
  info:dynamicMetadata():set("dagward", "task", {
    dag_id = acting,
    task_id = task["x-airflow-task-id"],
    run_id = task["x-airflow-run-id"],
    caller = principal,
    decision = allowed and "allowed" or "no_rule_allows",
    policy = allowed and "teams-run-their-own-dags" or nil,
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
