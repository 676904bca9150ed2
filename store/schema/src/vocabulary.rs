//! The closed lists of words that columns hold.

/// Declares an enum whose variants are words, with conversions both ways.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the word that columns hold.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Returns the value of a word, or `None` for another word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// How an attempt ended.
    Outcome {
        /// It answered.
        Ok = "ok",
        /// The function's own error.
        Error = "error",
        /// The platform cut it at its limit.
        Timeout = "timeout",
        /// It needed more memory than it had.
        OutOfMemory = "out_of_memory",
        /// The process ended.
        Crash = "crash",
        /// The platform refused to run it for want of concurrency.
        Throttled = "throttled",
        /// The caller went away.
        Cancelled = "cancelled",
        /// It used more CPU than it may.
        ExceededCpu = "exceeded_cpu",
        /// The platform gave the event up without running it.
        Dropped = "dropped",
        /// Its end is not known.
        Unknown = "unknown",
    }
}

words! {
    /// Where a fact comes from, the most trusted first.
    Source {
        /// The platform's own records.
        Platform = "platform",
        /// Lambda Insights.
        Insights = "insights",
        /// An invocation record.
        Record = "record",
        /// A span.
        Span = "span",
        /// What is inferred from a function's own log lines.
        Log = "log",
    }
}

words! {
    /// What caused an invocation.
    TriggerType {
        /// An HTTP request.
        Http = "http",
        /// A queue.
        Queue = "queue",
        /// A topic.
        Topic = "topic",
        /// A stream.
        Stream = "stream",
        /// An event bus.
        Bus = "bus",
        /// A schedule.
        Timer = "timer",
        /// An object store.
        Object = "object",
        /// A database.
        Database = "database",
        /// A workflow's task.
        Workflow = "workflow",
        /// Another function, which waits.
        Rpc = "rpc",
        /// An e-mail.
        Email = "email",
        /// Something else.
        Other = "other",
    }
}

impl TriggerType {
    /// Returns whether a caller waits for the answer.
    #[must_use]
    pub fn synchronous(self) -> bool {
        matches!(self, Self::Http | Self::Rpc)
    }
}

words! {
    /// How an execution environment was initialized.
    InitType {
        /// When a request needed it.
        OnDemand = "on-demand",
        /// Ahead of requests, as configured.
        ProvisionedConcurrency = "provisioned-concurrency",
        /// From a snapshot.
        SnapStart = "snap-start",
        /// On instances that the customer's account holds.
        ManagedInstances = "lambda-managed-instances",
        /// Ahead of requests, because a least number of instances is configured.
        MinInstance = "min-instance",
    }
}

impl Outcome {
    /// Returns whether the attempt ran, so that the provider counts and bills it.
    #[must_use]
    pub fn ran(self) -> bool {
        !matches!(self, Self::Throttled | Self::Dropped)
    }

    /// Returns whether the attempt counts among errors: neither time-out nor out of memory, which are counted apart.
    #[must_use]
    pub fn is_error(self) -> bool {
        matches!(self, Self::Error | Self::Crash | Self::ExceededCpu)
    }

    /// Returns whether the attempt failed: an error, a time-out or out of memory.
    #[must_use]
    pub fn failed(self) -> bool {
        self.is_error() || matches!(self, Self::Timeout | Self::OutOfMemory)
    }
}
