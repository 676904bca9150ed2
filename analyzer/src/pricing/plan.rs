//! Which of a platform's plans bills an attempt.

use pennyspan_schema::InitType;

use crate::attempts::Row;
use crate::pricing::Reason;

/// A plan whose price book is here and that bills invocations by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Plan {
    /// AWS Lambda's event functions.
    Lambda,
    /// Google Cloud functions of the first generation.
    FirstGeneration,
    /// Google Cloud Run and functions of the second generation, billed by request.
    CloudRun,
    /// Azure Functions on Flex Consumption, on demand.
    Flex,
    /// Cloudflare Workers on the paid plan.
    Worker,
}

/// What tells the plan of an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<'a> {
    pub(crate) provider: &'a str,
    pub(crate) platform: Option<&'a str>,
    pub(crate) execution_model: Option<&'a str>,
    pub(crate) init_type: Option<&'a str>,
    pub(crate) billing_mode: Option<&'a str>,
}

impl<'a> Product<'a> {
    pub(crate) fn of(row: &Row<'a>) -> Self {
        Self {
            provider: row.provider,
            platform: row.platform,
            execution_model: row.execution_model,
            init_type: row.init_type,
            billing_mode: row.billing_mode,
        }
    }

    fn is_on(&self, platforms: &[&str]) -> bool {
        self.platform.is_some_and(|platform| platforms.contains(&platform))
    }

    /// Returns whether it is billed by its duration and memory as Lambda's event functions are.
    fn is_lambda(&self) -> bool {
        self.platform.is_none_or(|platform| platform == "aws_lambda")
            && self.execution_model.is_none_or(|model| model == "event_function")
            && self.init_type != Some(InitType::ManagedInstances.as_str())
    }

    fn is_on_instances(&self) -> bool {
        self.init_type == Some(InitType::ManagedInstances.as_str()) || self.execution_model == Some("managed_instance")
    }
}

impl Plan {
    /// Returns the plan of an attempt.
    pub(crate) fn of(product: Product<'_>) -> Result<Self, Reason> {
        match product.provider {
            "aws" if product.is_lambda() => Ok(Self::Lambda),
            "aws" if product.is_on_instances() => Err(Reason::Instance),
            "gcp"
                if product.is_on(&[
                    "gcp_cloud_run",
                    "gcp.cloud_run",
                    "gcp_cloud_functions",
                    "gcp.cloud_functions",
                ]) =>
            {
                if product.execution_model == Some("event_function") {
                    return Ok(Self::FirstGeneration);
                }
                match product.billing_mode {
                    Some("request") => Ok(Self::CloudRun),
                    Some("instance") => Err(Reason::Instance),
                    _ => Err(Reason::BillingMode),
                }
            }
            "azure" if product.is_on(&["azure.functions", "azure_functions"]) => match product.billing_mode {
                Some("flex_consumption") => Ok(Self::Flex),
                Some("consumption") => Err(Reason::ObservedMemory),
                Some("premium") => Err(Reason::Instance),
                _ => Err(Reason::BillingMode),
            },
            "cloudflare" if product.execution_model == Some("worker") => Ok(Self::Worker),
            _ => Err(Reason::Product),
        }
    }

    /// Returns the provider and the service, as the price books name them.
    pub(crate) fn service(self) -> (&'static str, &'static str) {
        match self {
            Self::Lambda => ("aws", "lambda"),
            Self::FirstGeneration => ("gcp", "functions"),
            Self::CloudRun => ("gcp", "run"),
            Self::Flex => ("azure", "functions"),
            Self::Worker => ("cloudflare", "workers"),
        }
    }

    /// Returns the rule of billing by which its time is billed, where time is billed.
    pub(crate) fn rule(self) -> Option<&'static str> {
        match self {
            Self::Lambda | Self::FirstGeneration => Some("run"),
            Self::CloudRun => Some("request"),
            Self::Flex => Some("flex-on-demand"),
            Self::Worker => None,
        }
    }

    /// Returns whether requests share an instance and its bill.
    pub(crate) fn shares_instances(self) -> bool {
        matches!(self, Self::CloudRun | Self::Flex)
    }

    /// Returns the region whose prices hold; Cloudflare has one price everywhere.
    pub(super) fn region(self, region: Option<&str>) -> Option<&str> {
        match self {
            Self::Worker => Some("global"),
            _ => region,
        }
    }
}
