package model

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"roster/connectors"
	"roster/connectors/altcraft"
	"roster/connectors/kommo"
	"roster/connectors/rocketchat"
	"roster/connectors/worksection"
	"roster/internal/address"
	"roster/internal/directory"
)

// The account types that the schema has for single kinds of sources: what every account has, and what only that kind tells. Accounts of all other
// kinds are a DirectoryAccount, which is directory.AccountCore itself.
type (
	// WorksectionAccount is a member of a Worksection account.
	WorksectionAccount struct {
		account
		*worksection.Details
	}
	// KommoAccount is a user of a Kommo account.
	KommoAccount struct {
		account
		*kommo.Details
	}
	// AltcraftAccount is a user of an Altcraft account.
	AltcraftAccount struct {
		account
		*altcraft.Details
	}
	// RocketChatAccount is a user of a Rocket.Chat workspace.
	RocketChatAccount struct {
		account
		*rocketchat.Details
	}
)

// account is what these types have in common.
type account struct{ *directory.AccountCore }

// ObservedAt returns when a fetch last saw the account; zero if none has. It panics without WithObserved, because null would look like an account that no
// fetch has seen.
func (a account) ObservedAt(ctx context.Context) time.Time {
	observedAt, ok := ctx.Value(observedKey{}).(func(context.Context, *directory.AccountCore) time.Time)
	if !ok {
		panic("model: the operation asks for observedAt, and its context does not have WithObserved")
	}
	return observedAt(ctx, a.AccountCore)
}

type observedKey struct{}

// WithObserved returns a context in which accounts ask that function when they were observed. A directory does not know it: a fetch that brings nothing new
// builds none.
func WithObserved(ctx context.Context, observedAt func(context.Context, *directory.AccountCore) time.Time) context.Context {
	return context.WithValue(ctx, observedKey{}, observedAt)
}

var accountTypes = map[string]func(*directory.AccountCore) directory.Account{
	"WorksectionAccount": func(a *directory.AccountCore) directory.Account {
		return &WorksectionAccount{account{a}, connectors.DetailsOf[worksection.Details](a.Record())}
	},
	"KommoAccount": func(a *directory.AccountCore) directory.Account {
		return &KommoAccount{account{a}, connectors.DetailsOf[kommo.Details](a.Record())}
	},
	"AltcraftAccount": func(a *directory.AccountCore) directory.Account {
		return &AltcraftAccount{account{a}, connectors.DetailsOf[altcraft.Details](a.Record())}
	},
	"RocketChatAccount": func(a *directory.AccountCore) directory.Account {
		return &RocketChatAccount{account{a}, connectors.DetailsOf[rocketchat.Details](a.Record())}
	},
}

// directoryAccount is the type of accounts of kinds that have none of their own.
const directoryAccount = "DirectoryAccount"

// AccountTypes lists the types in the schema that an account can have.
func AccountTypes() []string {
	return append(slices.Sorted(maps.Keys(accountTypes)), directoryAccount)
}

// AccountOf returns what makes an account one of its kind's type; nil for DirectoryAccount.
func AccountOf(kind connectors.KindName) func(*directory.AccountCore) directory.Account {
	if k := connectors.KindNamed(kind); k != nil {
		return accountTypes[k.AccountType]
	}
	return nil
}

// AccountEntities finds the accounts that other services refer to.
type AccountEntities struct {
	// Account returns the account of that ID; nil if there is none.
	Account func(ctx context.Context, id string) directory.Account
}

// FindWorksectionAccountByID finds an account by its ID; nil if it is not there or of another type.
func (e AccountEntities) FindWorksectionAccountByID(ctx context.Context, id string) (*WorksectionAccount, error) {
	return entity[WorksectionAccount](ctx, e, id), nil
}

// FindKommoAccountByID finds an account by its ID; nil if it is not there or of another type.
func (e AccountEntities) FindKommoAccountByID(ctx context.Context, id string) (*KommoAccount, error) {
	return entity[KommoAccount](ctx, e, id), nil
}

// FindAltcraftAccountByID finds an account by its ID; nil if it is not there or of another type.
func (e AccountEntities) FindAltcraftAccountByID(ctx context.Context, id string) (*AltcraftAccount, error) {
	return entity[AltcraftAccount](ctx, e, id), nil
}

// FindRocketChatAccountByID finds an account by its ID; nil if it is not there or of another type.
func (e AccountEntities) FindRocketChatAccountByID(ctx context.Context, id string) (*RocketChatAccount, error) {
	return entity[RocketChatAccount](ctx, e, id), nil
}

// FindDirectoryAccountByID finds an account by its ID; nil if it is not there or of another type.
func (e AccountEntities) FindDirectoryAccountByID(ctx context.Context, id string) (*directory.AccountCore, error) {
	return entity[directory.AccountCore](ctx, e, id), nil
}

func entity[T any](ctx context.Context, e AccountEntities, id string) *T {
	found, _ := any(e.Account(ctx, id)).(*T)
	return found
}

// UUID returns the user's UUID, if Kommo shows it.
func (a *KommoAccount) UUID() directory.Text { return directory.Text(a.Details.UUID) }

// ChatID returns the user's ID in the chat service, if Kommo shows it.
func (a *KommoAccount) ChatID() directory.Text { return directory.Text(a.Details.ChatID) }

// NotifyEmail returns the address to which the source sends its alerts.
func (a *AltcraftAccount) NotifyEmail() directory.Text { return directory.Text(a.Details.NotifyEmail) }

// RocketChatEmail is an address as Rocket.Chat has it.
type RocketChatEmail struct {
	Address  string
	Verified *bool
}

// Type returns the source's word, such as user, bot or app.
func (a *RocketChatAccount) Type() directory.Text { return directory.Text(a.Details.Type) }

// CustomFields returns a JSON object, or nil if the source does not list them.
func (a *RocketChatAccount) CustomFields() json.RawMessage { return a.Details.CustomFields }

// Emails returns all addresses; nil if the source does not show them.
func (a *RocketChatAccount) Emails() []RocketChatEmail {
	record := a.Record()
	if record.Emails == nil {
		return nil
	}
	out := make([]RocketChatEmail, 0, len(record.Emails))
	for _, e := range record.Emails {
		for _, parsed := range address.Parse(e.Address) {
			out = append(out, RocketChatEmail{Address: parsed.Shown, Verified: e.Verified})
		}
	}
	return out
}

type presenceKey struct{}

// WithPresence returns a context in which accounts that tell presence ask it by that function.
func WithPresence(ctx context.Context, ask func(context.Context, directory.Node) connectors.Presence) context.Context {
	return context.WithValue(ctx, presenceKey{}, ask)
}

func (a *RocketChatAccount) presence(ctx context.Context) connectors.Presence {
	if ask, ok := ctx.Value(presenceKey{}).(func(context.Context, directory.Node) connectors.Presence); ok {
		return ask(ctx, a)
	}
	return connectors.Presence{}
}

// Presence asks the source whether they are there.
func (a *RocketChatAccount) Presence(ctx context.Context) connectors.PresenceState {
	return a.presence(ctx).State
}

// StatusText asks the source what they wrote beside their presence.
func (a *RocketChatAccount) StatusText(ctx context.Context) directory.Text {
	return directory.Text(a.presence(ctx).Text)
}
