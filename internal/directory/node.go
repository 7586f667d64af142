package directory

// Node is an object with an ID: a *User, an Account, a *Team, a *Role, a *Contact, a *ContactFolder or a *Source.
type Node interface{ IsNode() }

// IsNode marks a type that can be fetched again by its ID.
func (*User) IsNode() {}

// IsNode marks a type that can be fetched again by its ID.
func (*AccountCore) IsNode() {}

// IsNode marks a type that can be fetched again by its ID.
func (*Team) IsNode() {}

// IsNode marks a type that can be fetched again by its ID.
func (*Role) IsNode() {}

// IsNode marks a type that can be fetched again by its ID.
func (*Contact) IsNode() {}

// IsNode marks a type that can be fetched again by its ID.
func (*ContactFolder) IsNode() {}

// IsNode marks a type that can be fetched again by its ID.
func (*Source) IsNode() {}

// IsEntity marks a type that other GraphQL services may refer to by its key.
func (*User) IsEntity() {}

// IsEntity marks a type that other GraphQL services may refer to by its key.
func (*AccountCore) IsEntity() {}

// IsEntity marks a type that other GraphQL services may refer to by its key.
func (*Team) IsEntity() {}

// IsEntity marks a type that other GraphQL services may refer to by its key.
func (*Role) IsEntity() {}

// IsEntity marks a type that other GraphQL services may refer to by its key.
func (*Contact) IsEntity() {}

// IsEntity marks a type that other GraphQL services may refer to by its key.
func (*ContactFolder) IsEntity() {}
