//! The log of what model servers were asked.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coracle_model::Timestamp;
use coracle_store::{Exchange, ExchangeFilter, KeptExchange, Message, RequestLog};

use crate::error::AppError;
use crate::view::{
    ForgottenRequests, MessageHeader, ModelMessage, ModelRequest, ModelRequestDetail,
    ModelRequestList, ModelRequestQuery, ReplayRequests,
};
use crate::workbench::{Workbench, off_runtime};

/// How many requests are told at once where that is not said.
const USUAL_PAGE: usize = 100;

/// The most that are told, or sent again, at once.
const LARGEST_PAGE: usize = 1000;

impl Workbench {
    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Keeps what a model server was asked and answered; never waits.
    pub fn keep_exchange(&self, exchange: Exchange) {
        if let Some(log) = &self.inner.requests {
            log.keep(exchange);
        }
    }

    /// What a model server was asked, newest first.
    ///
    /// # Errors
    /// When a page token is none, or the log cannot be read.
    pub async fn logged_requests(
        &self,
        namespace: &str,
        name: &str,
        query: ModelRequestQuery,
    ) -> Result<ModelRequestList, AppError> {
        let most = query.page_size.unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE);
        let filter = filter(query)?;
        let unkept = self.inner.requests.as_ref().map_or(0, RequestLog::unkept);
        let mut found = self
            .ask_log(namespace, name, move |log, namespace, name| {
                Ok(log.list(namespace, name, &filter, most + 1)?)
            })
            .await?
            .unwrap_or_default();
        let has_more = found.len() > most;
        found.truncate(most);
        let last = found.last().filter(|_| has_more);
        Ok(ModelRequestList {
            next_page_token: last.map(|last| last.number.to_string()),
            requests: found.iter().map(told).collect(),
            unkept,
        })
    }

    /// One request to a model server.
    ///
    /// # Errors
    /// When there is none of that number, or the log cannot be read.
    pub async fn logged_request(
        &self,
        namespace: &str,
        name: &str,
        number: &str,
    ) -> Result<ModelRequestDetail, AppError> {
        let no_request = || no_request(name, number);
        let wanted = number.parse().map_err(|_| no_request())?;
        let found = self
            .ask_log(namespace, name, move |log, namespace, name| {
                Ok(log.get(namespace, name, wanted)?)
            })
            .await?;
        let kept = found.flatten().ok_or_else(no_request)?;
        Ok(ModelRequestDetail {
            request: told(&kept),
            sent: message(kept.exchange.request),
            received: message(kept.exchange.answer),
        })
    }

    /// Forgets what a model server was asked.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub async fn forget_requests(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<ForgottenRequests, AppError> {
        let forgotten = self
            .ask_log(namespace, name, |log, namespace, name| {
                Ok(log.clear(namespace, name)?)
            })
            .await?;
        Ok(ForgottenRequests {
            forgotten: forgotten.unwrap_or(0),
        })
    }

    /// The requests that are to be sent again, with their bodies, newest first.
    ///
    /// # Errors
    /// When one that was named is not there, or the log cannot be read.
    pub async fn requests_to_replay(
        &self,
        namespace: &str,
        name: &str,
        wanted: &ReplayRequests,
    ) -> Result<Vec<KeptExchange>, AppError> {
        let most = wanted.last.unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE);
        let search = wanted.search.clone();
        let Some(mut numbers) = wanted.numbers.clone() else {
            let found = self.ask_log(namespace, name, move |log, namespace, name| {
                let filter = ExchangeFilter {
                    text: search,
                    ..ExchangeFilter::default()
                };
                Ok(log.list_whole(namespace, name, &filter, most)?)
            });
            return Ok(found.await?.unwrap_or_default());
        };
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        numbers.dedup();
        if numbers.len() > LARGEST_PAGE {
            return Err(AppError::Request {
                message: format!("these are {} requests", numbers.len()),
                hint: format!("name {LARGEST_PAGE} at most"),
            });
        }
        let found = self.ask_log(namespace, name, move |log, namespace, name| {
            let kept = numbers.into_iter().map(|number| {
                let found = log.get(namespace, name, number)?;
                found.ok_or_else(|| no_request(name, &number.to_string()))
            });
            kept.collect::<Result<_, AppError>>()
        });
        Ok(found.await?.unwrap_or_default())
    }

    async fn ask_log<T: Send + 'static>(
        &self,
        namespace: &str,
        name: &str,
        ask: impl FnOnce(&RequestLog, &str, &str) -> Result<T, AppError> + Send + 'static,
    ) -> Result<Option<T>, AppError> {
        let Some(log) = self.inner.requests.clone() else {
            return Ok(None);
        };
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        off_runtime(move || ask(&log, &namespace, &name).map(Some)).await
    }
}

fn filter(query: ModelRequestQuery) -> Result<ExchangeFilter, AppError> {
    let before = query.page_token.map(|token| {
        token.parse().map_err(|_| AppError::Request {
            message: format!("`{token}` is no page token"),
            hint: "send the `next_page_token` of the last answer, or nothing".to_owned(),
        })
    });
    let least_took = query.min_ms.map(|least| {
        Duration::try_from_secs_f64(least / 1000.0).map_err(|_| AppError::Request {
            message: format!("`min_ms` is {least}"),
            hint: "send a number of milliseconds, such as 250".to_owned(),
        })
    });
    Ok(ExchangeFilter {
        text: query.search.filter(|text| !text.is_empty()),
        revision: query.revision,
        least_code: query.min_code,
        most_code: query.max_code,
        least_took: least_took.transpose()?,
        since: query.since,
        before: before.transpose()?,
        after: None,
    })
}

fn no_request(server: &str, number: &str) -> AppError {
    AppError::NotFound {
        what: "request",
        name: number.to_owned(),
        hint: format!(
            "the oldest are forgotten; `coracle requests {server}` lists those there are"
        ),
    }
}

/// A request as it is told.
pub fn told(kept: &KeptExchange) -> ModelRequest {
    let exchange: &Exchange = &kept.exchange;
    ModelRequest {
        number: kept.number,
        id: exchange.id.clone(),
        revision: exchange.revision.clone(),
        at: exchange.at,
        took_ms: milliseconds(exchange.took),
        method: exchange.method.clone(),
        path: exchange.path.clone(),
        code: exchange.code,
        request_size: exchange.request.size,
        answer_size: exchange.answer.size,
        is_whole: kept.is_whole,
    }
}

/// A time as it is told.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn message(message: Message) -> ModelMessage {
    let headers = message.headers.into_iter();
    let (text, base64) = match message.body.map(String::from_utf8) {
        None => (None, None),
        Some(Ok(text)) => (Some(text), None),
        Some(Err(binary)) => (None, Some(STANDARD.encode(binary.as_bytes()))),
    };
    ModelMessage {
        headers: headers
            .map(|(name, value)| MessageHeader { name, value })
            .collect(),
        text,
        base64,
    }
}
