//! Where a service's spans go, and the tracer that makes them. Each service has a provider of its own, so
//! that several in one process keep their own names; nothing global is set.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{Protocol, RetryPolicy, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, SpanExporter};

use crate::export::{Exporting, Settings};

/// Where a service's spans go. Cheap to clone; the same may be given to several services.
#[derive(Clone, Debug)]
pub struct ServiceTelemetry {
    endpoint: Option<String>,
    settings: Settings,
}

impl ServiceTelemetry {
    /// Nowhere. Trace context is still continued and passed on.
    #[must_use]
    pub fn off() -> Self {
        Self {
            endpoint: None,
            settings: Settings::default(),
        }
    }

    /// To an OTLP/HTTP receiver (protobuf) with this base URL, such as `http://127.0.0.1:9090`; spans are
    /// posted to `/v1/traces` under it.
    #[must_use]
    pub fn otlp_http(base_url: &str) -> Self {
        let endpoint = format!("{}/v1/traces", base_url.trim_end_matches('/'));
        Self {
            endpoint: Some(endpoint),
            settings: Settings::default(),
        }
    }

    /// How long spans are gathered before they are sent; 200 ms unless said.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.settings.delay = delay;
        self
    }

    /// Starts the tracer of one service. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// An endpoint that is not a URL.
    pub(crate) fn start(&self, service: &str, version: &str) -> anyhow::Result<Tracing> {
        let resource = Resource::builder_empty()
            .with_service_name(service.to_owned())
            .with_attribute(KeyValue::new("service.version", version.to_owned()))
            .with_attribute(KeyValue::new("service.namespace", "vagvisare"))
            .build();
        // What the caller decided about sampling holds; a trace that starts here is kept.
        let builder = SdkTracerProvider::builder()
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_resource(resource.clone());
        let lost = Arc::new(AtomicU64::new(0));
        let (provider, exporting) = match &self.endpoint {
            None => (builder.build(), None),
            Some(endpoint) => {
                let mut exporter = exporter(endpoint, self.settings.timeout)?;
                exporter.set_resource(&resource);
                let (processor, exporting) = Exporting::start(exporter, &self.settings, Arc::clone(&lost));
                (builder.with_span_processor(processor).build(), Some(exporting))
            }
        };
        let scope = InstrumentationScope::builder("service-host")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        let tracer = provider.tracer_with_scope(scope);
        Ok(Tracing {
            tracer,
            _provider: provider,
            exporting,
        })
    }
}

/// One service's tracer and what sends its spans.
pub(crate) struct Tracing {
    pub(crate) tracer: SdkTracer,
    _provider: SdkTracerProvider,
    exporting: Option<Exporting>,
}

impl Tracing {
    /// Sends what is left, within a bounded time.
    pub(crate) async fn finish(self) {
        if let Some(exporting) = self.exporting {
            exporting.finish().await;
        }
    }
}

fn exporter(endpoint: &str, timeout: Duration) -> anyhow::Result<opentelemetry_otlp::SpanExporter> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    Ok(opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .with_timeout(timeout)
        // A retry would hold back the spans behind it; they are better dropped and counted.
        .with_retry_policy(RetryPolicy::disabled())
        .build()?)
}
