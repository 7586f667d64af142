package config

import "roster/internal/access"

// callerLimits returns the limits of one credential, and checks them against those of the server.
func (d *decoder) callerLimits(f *callerLimitsFile, path string, all *Limits) *access.Limits {
	if f == nil {
		return nil
	}
	if f.CallerOperations > all.Operations && !d.faulty(path+".caller_operations") {
		d.fault(path+".caller_operations", "is more than limits.operations, %d, which the server runs at a time in all", all.Operations)
	}
	body, variables := all.BodyBytes, all.VariablesBytes
	if f.BodyBytes > 0 {
		body = f.BodyBytes
	}
	if f.VariablesBytes > 0 {
		variables = f.VariablesBytes
	}
	if variables > body && !d.faulty(path) && (f.BodyBytes > 0 || f.VariablesBytes > 0) {
		d.fault(path, "body_bytes is %d, and less than variables_bytes, %d, which lie within the body", body, variables)
	}
	if f.AnswerBytes > all.PendingAnswerBytes && !d.faulty(path+".answer_bytes") {
		d.fault(path+".answer_bytes", "is more than limits.pending_answer_bytes, %d, which all answers have together", all.PendingAnswerBytes)
	}
	return &access.Limits{BodyBytes: f.BodyBytes, VariablesBytes: f.VariablesBytes, AnswerBytes: f.AnswerBytes, Cost: f.Cost, ListItems: f.ListItems,
		Operations: f.CallerOperations, Requests: f.Requests, Share: f.CallerShare}
}
