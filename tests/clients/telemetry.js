"use strict";
// OpenTelemetry's tracing SDK, set up as its documentation shows, with the exporter that the environment asks for.

const { context, trace } = require("@opentelemetry/api");
const { AsyncLocalStorageContextManager } = require("@opentelemetry/context-async-hooks");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BatchSpanProcessor, TracerProvider } = require("@opentelemetry/sdk-trace");

// KEEL_TEST_EXPORTER: "http" sends JSON, "proto" protobuf. Endpoint and compression come from OTEL_EXPORTER_OTLP_*.
function startTracing(serviceName) {
  const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${process.env.KEEL_TEST_EXPORTER}`);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  return provider;
}

// The body of every driver: the variant is the one argument; a model's error ends it with status 3.
async function main(serviceName, run) {
  const provider = startTracing(serviceName);
  try {
    console.log(await run(process.argv[2]));
  } catch (error) {
    const status = error.status ?? error.statusCode;
    if (status === undefined) throw error;
    console.log(`the model server answered ${status}`);
    process.exitCode = 3;
  } finally {
    await provider.shutdown();
  }
}

module.exports = { main };
