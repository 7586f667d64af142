// Package cost calculates how expensive a document is. It first measures the document's size, before validation. It then estimates the cost of running
// one operation, from the weights and sizes that the schema declares with @cost and @listSize. It runs nothing and knows no field by name.
package cost
