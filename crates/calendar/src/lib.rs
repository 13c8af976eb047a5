//! Worked, ouvrable and calendar days; dated French holidays and school zones; closures; time zones.
