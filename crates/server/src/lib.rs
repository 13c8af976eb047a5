//! HTTP edge: routes, jobs, live updates, web assets.
