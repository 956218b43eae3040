//! Effort and reasons for contact per channel; shared insights.
