package cases

// EnginesMost is for tests.
const EnginesMost = enginesMost

// Waiting is how many wait for the build of a case's trace.
func (c *Cases) Waiting(caseID string) int {
	c.engines.mu.Lock()
	defer c.engines.mu.Unlock()
	b := c.engines.building[caseID]
	if b == nil {
		return 0
	}
	return b.waiting
}

// InMemory tells whether a case's trace is.
func (c *Cases) InMemory(caseID string) bool {
	c.engines.mu.Lock()
	defer c.engines.mu.Unlock()
	return c.engines.ready[caseID] != nil
}
