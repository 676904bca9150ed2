//! What a client or producer span calls.

use std::borrow::Cow;

use super::super::resource::Words;
use super::super::slots::{Slot, destination_name};
use super::trigger;
use crate::decode::names::{Arn, FunctionArn};

/// A call: what kind of thing, whom, how, and where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Call<'v> {
    pub(super) kind: Option<&'static str>,
    pub(super) dependency: Option<&'v str>,
    pub(super) operation: Option<&'v str>,
    pub(super) region: Option<&'v str>,
}

/// What an RPC span says, however it says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rpc<'v> {
    pub(super) system: Option<&'v str>,
    pub(super) service: Option<&'v str>,
    pub(super) method: Option<&'v str>,
}

impl<'v> Rpc<'v> {
    /// Returns the service and method: a service attribute and a bare method in older conventions, one qualified method since
    /// 1.39; AWS SDK spans may say it in their name only.
    pub(super) fn of(words: Words<'v, '_>, span_name: &'v str) -> Self {
        let text = |slot| words.item.text(slot);
        let (system, service, method) = (text(Slot::RpcSystem), text(Slot::RpcService), text(Slot::RpcMethod));
        let of_aws = system.is_some_and(is_aws_api);
        let split = |name: &'v str| {
            name.rsplit_once('/')
                .or_else(|| name.rsplit_once('.').filter(|_| of_aws))
        };
        let (qualifier, method) = match method.map(|method| (split(method), method)) {
            Some((Some((qualifier, bare)), _)) => (Some(qualifier), Some(bare)),
            Some((None, bare)) => (None, Some(bare)),
            None => (None, None),
        };
        let of_name = split(span_name).filter(|_| of_aws);
        Self {
            system,
            service: service.or(qualifier).or(of_name.map(|(service, _)| service)),
            method: method.or(of_name.map(|(_, method)| method)),
        }
    }
}

fn is_aws_api(system: &str) -> bool {
    matches!(system, "aws-api" | "aws_api" | "aws.api")
}

impl<'v> Call<'v> {
    /// Returns what a span calls, by the most telling of its attributes.
    pub(super) fn of(words: Words<'v, '_>, rpc: Rpc<'v>, span_name: &'v str) -> Self {
        let mut call = of_aws_sdk(words, rpc)
            .or_else(|| of_function(words))
            .or_else(|| of_database(words))
            .or_else(|| of_messaging(words))
            .or_else(|| of_rpc(words, rpc))
            .or_else(|| of_http(words))
            .unwrap_or_else(|| of_anything(words, span_name));
        call.region = region(words);
        call
    }
}

fn of_aws_sdk<'v>(words: Words<'v, '_>, rpc: Rpc<'v>) -> Option<Call<'v>> {
    rpc.system.filter(|system| is_aws_api(system))?;
    let item = words.item;
    let destination = || item.text(Slot::MessagingDestination).map(destination_name);
    let named = |slot| item.only_text(slot).map(destination_name);
    let service = rpc.service.unwrap_or_default();
    let (kind, dependency) = match service.to_ascii_lowercase().as_str() {
        "dynamodb" => (
            "database",
            item.text(Slot::DbCollection).or_else(|| named(Slot::TableNames)),
        ),
        "sqs" => ("queue", named(Slot::QueueUrl).or_else(destination)),
        "sns" => ("topic", named(Slot::TopicArn).or_else(destination)),
        "kinesis" | "firehose" => ("stream", named(Slot::StreamName).or_else(destination)),
        "eventbridge" | "cloudwatchevents" | "cloudwatch events" | "events" => ("bus", destination()),
        "s3" => ("object", item.text(Slot::Bucket)),
        "lambda" => ("function", invoked_function(words)),
        "sfn" | "stepfunctions" => ("aws", named(Slot::StateMachineArn).or_else(|| named(Slot::ActivityArn))),
        "secretsmanager" | "secrets manager" => ("aws", named(Slot::SecretArn)),
        _ => ("aws", None),
    };
    Some(Call {
        kind: Some(kind),
        dependency: dependency.or(rpc.service),
        operation: rpc.method,
        region: None,
    })
}

fn invoked_function<'v>(words: Words<'v, '_>) -> Option<&'v str> {
    let name = words
        .item
        .text(Slot::InvokedName)
        .or_else(|| words.item.text(Slot::InvokedArn))?;
    Some(FunctionArn::parse(name).map_or(name, |arn| arn.function))
}

fn of_function<'v>(words: Words<'v, '_>) -> Option<Call<'v>> {
    words.item.text(Slot::InvokedName)?;
    Some(Call {
        kind: Some("function"),
        dependency: invoked_function(words),
        operation: Some("invoke"),
        region: None,
    })
}

fn of_database<'v>(words: Words<'v, '_>) -> Option<Call<'v>> {
    let (item, system) = (words.item, words.item.text(Slot::DbSystem)?);
    let dependency = item
        .text(Slot::DbCollection)
        .or_else(|| item.only_text(Slot::TableNames))
        .or_else(|| item.text(Slot::DbNamespace))
        .or_else(|| item.text(Slot::ServerAddress))
        .unwrap_or(system);
    Some(Call {
        kind: Some("database"),
        dependency: Some(dependency),
        operation: item.text(Slot::DbOperation),
        region: None,
    })
}

fn of_messaging<'v>(words: Words<'v, '_>) -> Option<Call<'v>> {
    let (item, system) = (words.item, words.item.text(Slot::MessagingSystem)?);
    Some(Call {
        kind: Some(trigger::of_messaging_system(system).as_str()),
        dependency: trigger::destination(words)
            .or_else(|| item.text(Slot::ServerAddress))
            .or(Some(system)),
        operation: item.text(Slot::MessagingOperation),
        region: None,
    })
}

fn of_rpc<'v>(words: Words<'v, '_>, rpc: Rpc<'v>) -> Option<Call<'v>> {
    let system = rpc.system?;
    let dependency = rpc
        .service
        .or_else(|| words.item.text(Slot::ServerAddress))
        .unwrap_or(system);
    Some(Call {
        kind: Some("rpc"),
        dependency: Some(dependency),
        operation: rpc.method,
        region: None,
    })
}

fn of_http<'v>(words: Words<'v, '_>) -> Option<Call<'v>> {
    let method = words.item.text(Slot::HttpMethod)?;
    let host = words
        .item
        .text(Slot::ServerAddress)
        .or_else(|| words.item.text(Slot::Url).and_then(host));
    let dependency = words.item.text(Slot::PeerService).or(host);
    Some(Call {
        kind: Some("http"),
        dependency,
        operation: Some(method),
        region: None,
    })
}

fn of_anything<'v>(words: Words<'v, '_>, span_name: &'v str) -> Call<'v> {
    let peer = words
        .item
        .text(Slot::PeerService)
        .or_else(|| words.item.text(Slot::ServerAddress));
    let name = Some(span_name).filter(|name| !name.is_empty());
    Call {
        kind: Some("other"),
        dependency: peer.or(name),
        operation: None,
        region: None,
    }
}

/// Returns the host of a URL, without user and port.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => host.split(':').next()?,
    };
    Some(host).filter(|host| !host.is_empty())
}

fn region<'v>(words: Words<'v, '_>) -> Option<&'v str> {
    let item = words.item;
    let said = [Slot::InvokedRegion, Slot::CalledRegion, Slot::Region]
        .into_iter()
        .find_map(|slot| item.text(slot));
    let arns = [
        Slot::TopicArn,
        Slot::InvokedName,
        Slot::InvokedArn,
        Slot::StateMachineArn,
        Slot::SecretArn,
        Slot::MessagingDestination,
    ];
    let of_arn = || {
        arns.into_iter()
            .find_map(|slot| item.only_text(slot).and_then(Arn::parse)?.region)
    };
    let hosts = || {
        let url = |slot| item.only_text(slot).and_then(host);
        item.text(Slot::ServerAddress)
            .or_else(|| url(Slot::QueueUrl))
            .or_else(|| url(Slot::MessagingDestination))
    };
    said.or_else(of_arn).or_else(|| hosts().and_then(region_of_host))
}

/// Returns the region in an AWS endpoint's host name, such as `sqs.eu-west-1.amazonaws.com`.
fn region_of_host(host: &str) -> Option<&str> {
    let labels = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    labels.rsplit('.').find(|label| {
        let mut parts = label.split('-');
        let place = parts
            .next()
            .is_some_and(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_lowercase()));
        let number = parts
            .next_back()
            .is_some_and(|part| part.len() == 1 && part.as_bytes()[0].is_ascii_digit());
        place
            && number
            && parts
                .next()
                .is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_lowercase()))
    })
}

/// Returns whether a call was refused for want of capacity.
pub(super) fn throttled(words: Words<'_, '_>, error_type: Option<&str>) -> bool {
    let http = words.item.int(Slot::HttpStatus) == Some(429);
    let grpc = match words.item.decimal(Slot::GrpcStatus) {
        Some(Cow::Borrowed("RESOURCE_EXHAUSTED")) => true,
        code => code.as_deref() == Some("8") || code.as_deref() == Some("429"),
    };
    http || grpc || error_type.is_some_and(is_throttling)
}

/// Returns whether an error's type is one by which a service refuses a call for want of capacity.
///
/// The words are those that the AWS SDKs retry as throttling, and the same of Google and Azure.
fn is_throttling(error_type: &str) -> bool {
    const WORDS: &[&str] = &[
        "Throttl",
        "TooManyRequests",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "SlowDown",
        "PriorRequestNotComplete",
        "ServerBusy",
        "RESOURCE_EXHAUSTED",
        "ResourceExhausted",
    ];
    error_type == "429" || WORDS.iter().any(|word| error_type.contains(word))
}
