// Package cost counts what a document asks for: first its size, before anybody has checked it, and then what running one of its operations may cost,
// by the weights and sizes that the schema names with @cost and @listSize. It runs nothing and knows no field by its name.
package cost
