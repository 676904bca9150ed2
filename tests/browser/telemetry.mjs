// Telemetry of a sender that means no good: names that would be markup, quotes, other directions of writing, and far too long.

/** Names as a page must show them: as text. */
export const NAMES = [
  "<script>window.harmed=1</script>",
  "\"><img src=x onerror=\"window.harmed=1\">",
  "it's \"quoted\" & `ticked` \\ %2F ../ {{7*7}}",
  "\u202egnp.live\u202c \u2067mixed\u2069 \u200f",
  "a/slash?query#fragment",
];
/** A name longer than what is kept of one. */
const LONG = "long-" + "n".repeat(10_000);

const PER_FUNCTION = 240;
const MINUTE_MS = 60_000;

/** Posts records, spans and deployments of functions with such names, over the last fifty minutes. */
export async function send(program) {
  const now = Date.now();
  const names = [...NAMES, LONG];
  await post(program, "/v1/invocations", "application/x-ndjson", names.flatMap((name) => records(name, now)).join("\n"));
  await post(program, "/v1/traces", "application/json", JSON.stringify({ resourceSpans: names.map((name) => spans(name, now)) }));
  await post(
    program,
    "/v1/deployments",
    "application/json",
    JSON.stringify({ provider: "aws", function: NAMES[0], version: NAMES[1], time: iso(now - 20 * MINUTE_MS), link: "javascript:window.harmed=1" }),
  );
}

async function post(program, path, type, body) {
  const answer = await fetch(program.otlp + path, { method: "POST", headers: { "content-type": type }, body });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
}

/** Returns records of one function, of which every fifth fails. */
function records(name, now) {
  return Array.from({ length: PER_FUNCTION }, (_, nth) => {
    const failed = nth % 5 === 0;
    return JSON.stringify({
      provider: "aws",
      platform: "aws_lambda",
      account: "123456789012",
      region: "us-east-1",
      function: name,
      version: nth < PER_FUNCTION / 2 ? "1" : NAMES[1],
      service: NAMES[2],
      environment: NAMES[3],
      architecture: "arm64",
      memory_size_mib: 512,
      max_memory_used_mib: 200,
      instance_id: `${name.slice(0, 40)}-${nth % 9}`,
      invocation_id: `${name.slice(0, 40)}-${nth}`,
      trigger: { type: "queue", source: NAMES[1] },
      start_time: iso(now - 50 * MINUTE_MS + nth * 12_000),
      duration_ms: 120 + (nth % 40),
      billed_duration_ms: 120 + (nth % 40),
      cold_start: nth < 9,
      init_duration_ms: nth < 9 ? 400 + nth : undefined,
      outcome: failed ? "error" : "ok",
      error_type: failed ? NAMES[0] : undefined,
      trace_id: nth < 3 ? traceId(name) : undefined,
    });
  });
}

/** Returns a trace of one function and what it calls. */
function spans(name, now) {
  const at = (ms) => `${now - 50 * MINUTE_MS + ms}000000`;
  const text = (key, value) => ({ key, value: { stringValue: value } });
  const span = (id, parent, kind, from, to, attributes) => ({
    traceId: traceId(name),
    spanId: id.repeat(16),
    parentSpanId: parent && parent.repeat(16),
    name: id === "a" ? name : NAMES[1],
    kind,
    startTimeUnixNano: at(from),
    endTimeUnixNano: at(to),
    attributes,
    status: id === "c" ? { code: 2, message: NAMES[0] } : {},
  });
  return {
    resource: { attributes: [text("service.name", NAMES[2]), text("faas.name", name), text("cloud.provider", "aws")] },
    scopeSpans: [
      {
        spans: [
          span("a", undefined, 2, 0, 120, [text("faas.invocation_id", `${name.slice(0, 40)}-0`)]),
          span("b", "a", 3, 5, 60, [text("server.address", NAMES[0]), text("http.request.method", "GET"), text(NAMES[1], LONG)]),
          span("c", "a", 3, 61, 118, [text("db.system.name", NAMES[1]), text("db.operation.name", NAMES[3])]),
        ],
      },
    ],
  };
}

function traceId(name) {
  return (BigInt(NAMES.indexOf(name) + 2) * 0x1_0000_0001n).toString(16).padStart(32, "0");
}

function iso(ms) {
  return new Date(ms).toISOString();
}
