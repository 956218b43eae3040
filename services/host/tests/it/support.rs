//! Starting services and a receiver of spans on free ports.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use service_host::{Service, ServiceTelemetry, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A service that runs until it is stopped.
pub(crate) struct Running {
    pub(crate) url: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    pub(crate) async fn start(service: Service, telemetry: ServiceTelemetry) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move { drop(stopped.await) };
        Self {
            url,
            stop,
            task: tokio::spawn(serve(listener, service, shutdown, telemetry)),
        }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

/// A client that follows the rules of the tests: no proxy.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

type Received = Arc<Mutex<Vec<(String, Span)>>>;

/// A receiver of spans over OTLP/HTTP.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Received,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let received = Received::default();
        let router = axum::Router::new()
            .route("/v1/traces", post(receive))
            .with_state(Arc::clone(&received));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, received }
    }

    /// Every span so far, with its service's name.
    pub(crate) fn spans(&self) -> Vec<(String, Span)> {
        self.received.lock().unwrap().clone()
    }
}

async fn receive(State(received): State<Received>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    for of_resource in request.resource_spans {
        let attributes = of_resource.resource.unwrap().attributes;
        let name = attributes
            .iter()
            .find(|attribute| attribute.key == "service.name")
            .unwrap();
        let name = format!("{:?}", name.value.as_ref().unwrap().value);
        let spans = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        received.lock().unwrap().extend(spans.map(|span| (name.clone(), span)));
    }
}
