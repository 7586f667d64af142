package admission

// Callers returns the number of tracked callers.
func (g *Gate) Callers() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.callers)
}
