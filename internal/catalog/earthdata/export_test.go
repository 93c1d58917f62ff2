package earthdata

import "time"

// SetClock replaces the clock that expirations are compared with.
func (c *Credentials) SetClock(now func() time.Time) { c.now = now }
