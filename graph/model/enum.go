package model

import (
	"github.com/99designs/gqlgen/graphql"

	"roster/connectors"
	"roster/internal/changes"
	"roster/internal/directory"
	"roster/internal/plan"
	"roster/internal/snapshot"
)

var accessLevels = newEnum(map[string]connectors.AccessLevel{
	"NONE": connectors.AccessNone, "UNKNOWN": connectors.AccessUnknown, "READER": connectors.AccessReader, "GUEST": connectors.AccessGuest,
	"MEMBER": connectors.AccessMember, "MANAGER": connectors.AccessManager, "ADMIN": connectors.AccessAdmin, "OWNER": connectors.AccessOwner,
})

// MarshalAccessLevel writes an AccessLevel.
func MarshalAccessLevel(v connectors.AccessLevel) graphql.Marshaler { return accessLevels.marshal(v) }

// AppendAccessLevel appends the value as MarshalAccessLevel writes it, and reports whether it is not null.
func AppendAccessLevel(b []byte, v connectors.AccessLevel) ([]byte, bool) {
	return accessLevels.append(b, v)
}

// UnmarshalAccessLevel reads an AccessLevel.
func UnmarshalAccessLevel(v any) (connectors.AccessLevel, error) { return accessLevels.unmarshal(v) }

var breakerStates = newEnum(map[string]connectors.BreakerState{
	"CLOSED": connectors.BreakerClosed, "OPEN": connectors.BreakerOpen, "PROBING": connectors.BreakerProbing,
})

// MarshalBreakerState writes a BreakerState.
func MarshalBreakerState(v connectors.BreakerState) graphql.Marshaler {
	return breakerStates.marshal(v)
}

// AppendBreakerState appends the value as MarshalBreakerState writes it, and reports whether it is not null.
func AppendBreakerState(b []byte, v connectors.BreakerState) ([]byte, bool) {
	return breakerStates.append(b, v)
}

// UnmarshalBreakerState reads a BreakerState.
func UnmarshalBreakerState(v any) (connectors.BreakerState, error) { return breakerStates.unmarshal(v) }

var collectionKinds = newEnum(map[string]connectors.Collection{
	"ACCOUNTS": connectors.Accounts, "TEAMS": connectors.Teams, "ROLES": connectors.Roles, "CONTACTS": connectors.Contacts,
	"CONTACT_FOLDERS": connectors.ContactFolders,
})

// MarshalCollectionKind writes a CollectionKind.
func MarshalCollectionKind(v connectors.Collection) graphql.Marshaler {
	return collectionKinds.marshal(v)
}

// AppendCollectionKind appends the value as MarshalCollectionKind writes it, and reports whether it is not null.
func AppendCollectionKind(b []byte, v connectors.Collection) ([]byte, bool) {
	return collectionKinds.append(b, v)
}

// UnmarshalCollectionKind reads a CollectionKind.
func UnmarshalCollectionKind(v any) (connectors.Collection, error) {
	return collectionKinds.unmarshal(v)
}

var tierKinds = newEnum(map[string]snapshot.TierKind{
	"MEMORY": snapshot.TierMemory, "REDIS": snapshot.TierRedis, "DIRECTORY": snapshot.TierDirectory, "SOURCE": snapshot.TierSource,
})

// MarshalTierKind writes a TierKind.
func MarshalTierKind(v snapshot.TierKind) graphql.Marshaler { return tierKinds.marshal(v) }

// AppendTierKind appends the value as MarshalTierKind writes it, and reports whether it is not null.
func AppendTierKind(b []byte, v snapshot.TierKind) ([]byte, bool) { return tierKinds.append(b, v) }

// UnmarshalTierKind reads a TierKind.
func UnmarshalTierKind(v any) (snapshot.TierKind, error) { return tierKinds.unmarshal(v) }

var changeKinds = newEnum(map[string]changes.Kind{
	"USER": changes.User, "TEAM": changes.Team, "ROLE": changes.Role, "CONTACT": changes.Contact, "CONTACT_FOLDER": changes.ContactFolder,
	"SOURCE": changes.Source,
})

// MarshalChangeKind writes a ChangeKind.
func MarshalChangeKind(v changes.Kind) graphql.Marshaler { return changeKinds.marshal(v) }

// AppendChangeKind appends the value as MarshalChangeKind writes it, and reports whether it is not null.
func AppendChangeKind(b []byte, v changes.Kind) ([]byte, bool) { return changeKinds.append(b, v) }

// UnmarshalChangeKind reads a ChangeKind.
func UnmarshalChangeKind(v any) (changes.Kind, error) { return changeKinds.unmarshal(v) }

var changeActions = newEnum(map[string]changes.Action{
	"ADDED": changes.Added, "UPDATED": changes.Updated, "REMOVED": changes.Removed, "MERGED": changes.Merged, "SPLIT": changes.Split,
})

// MarshalChangeAction writes a ChangeAction.
func MarshalChangeAction(v changes.Action) graphql.Marshaler { return changeActions.marshal(v) }

// AppendChangeAction appends the value as MarshalChangeAction writes it, and reports whether it is not null.
func AppendChangeAction(b []byte, v changes.Action) ([]byte, bool) { return changeActions.append(b, v) }

// UnmarshalChangeAction reads a ChangeAction.
func UnmarshalChangeAction(v any) (changes.Action, error) { return changeActions.unmarshal(v) }

var contactFacets = newEnum(map[string]directory.ContactFacet{
	"SOURCE": directory.ContactFacetSource, "FOLDER": directory.ContactFacetFolder, "TAG": directory.ContactFacetTag,
	"OWNER": directory.ContactFacetOwner,
})

// MarshalContactFacet writes a ContactFacet.
func MarshalContactFacet(v directory.ContactFacet) graphql.Marshaler { return contactFacets.marshal(v) }

// UnmarshalContactFacet reads a ContactFacet.
func UnmarshalContactFacet(v any) (directory.ContactFacet, error) { return contactFacets.unmarshal(v) }

var contactFolderKinds = newEnum(map[string]connectors.ContactFolderKind{
	"PRESET": connectors.FolderPreset, "CUSTOM": connectors.FolderCustom,
})

// MarshalContactFolderKind writes a ContactFolderKind.
func MarshalContactFolderKind(v connectors.ContactFolderKind) graphql.Marshaler {
	return contactFolderKinds.marshal(v)
}

// AppendContactFolderKind appends the value as MarshalContactFolderKind writes it, and reports whether it is not null.
func AppendContactFolderKind(b []byte, v connectors.ContactFolderKind) ([]byte, bool) {
	return contactFolderKinds.append(b, v)
}

// UnmarshalContactFolderKind reads a ContactFolderKind.
func UnmarshalContactFolderKind(v any) (connectors.ContactFolderKind, error) {
	return contactFolderKinds.unmarshal(v)
}

var contactOrderFields = newEnum(map[string]directory.ContactOrderField{
	"NAME": directory.ContactByName, "EMAIL": directory.ContactByEmail, "CREATED_AT": directory.ContactByCreatedAt,
	"UPDATED_AT": directory.ContactByUpdatedAt,
})

// MarshalContactOrderField writes a ContactOrderField.
func MarshalContactOrderField(v directory.ContactOrderField) graphql.Marshaler {
	return contactOrderFields.marshal(v)
}

// UnmarshalContactOrderField reads a ContactOrderField.
func UnmarshalContactOrderField(v any) (directory.ContactOrderField, error) {
	return contactOrderFields.unmarshal(v)
}

var emailTrusts = newEnum(map[string]connectors.Trust{
	"VERIFIED": connectors.TrustVerified, "ASSERTED": connectors.TrustAsserted, "NONE": connectors.TrustNone,
})

// MarshalEmailTrust writes an EmailTrust.
func MarshalEmailTrust(v connectors.Trust) graphql.Marshaler { return emailTrusts.marshal(v) }

// AppendEmailTrust appends the value as MarshalEmailTrust writes it, and reports whether it is not null.
func AppendEmailTrust(b []byte, v connectors.Trust) ([]byte, bool) { return emailTrusts.append(b, v) }

// UnmarshalEmailTrust reads an EmailTrust.
func UnmarshalEmailTrust(v any) (connectors.Trust, error) { return emailTrusts.unmarshal(v) }

var grants = newEnum(map[string]connectors.Grant{
	"ALL": connectors.GrantAll, "GROUP": connectors.GrantGroup, "OWN": connectors.GrantOwn, "DENIED": connectors.GrantDenied,
	"UNKNOWN": connectors.GrantUnknown,
})

// MarshalGrant writes a Grant.
func MarshalGrant(v connectors.Grant) graphql.Marshaler { return grants.marshal(v) }

// AppendGrant appends the value as MarshalGrant writes it, and reports whether it is not null.
func AppendGrant(b []byte, v connectors.Grant) ([]byte, bool) { return grants.append(b, v) }

// UnmarshalGrant reads a Grant.
func UnmarshalGrant(v any) (connectors.Grant, error) { return grants.unmarshal(v) }

var heldApartReasons = newEnum(map[string]directory.HeldApartReason{
	"SPLIT": directory.SplitByOperator, "SHARED_MAILBOX": directory.SharedMailbox, "PLACEHOLDER": directory.Placeholder,
	"UNTRUSTED": directory.Untrusted, "AMBIGUOUS": directory.Ambiguous, "CHAIN": directory.Chain,
})

// MarshalHeldApartReason writes a HeldApartReason.
func MarshalHeldApartReason(v directory.HeldApartReason) graphql.Marshaler {
	return heldApartReasons.marshal(v)
}

// AppendHeldApartReason appends the value as MarshalHeldApartReason writes it, and reports whether it is not null.
func AppendHeldApartReason(b []byte, v directory.HeldApartReason) ([]byte, bool) {
	return heldApartReasons.append(b, v)
}

// UnmarshalHeldApartReason reads a HeldApartReason.
func UnmarshalHeldApartReason(v any) (directory.HeldApartReason, error) {
	return heldApartReasons.unmarshal(v)
}

var identityRules = newEnum(map[string]directory.IdentityRule{
	"LINKED_BY_OPERATOR": directory.LinkedByOperator, "SAME_ANCHOR": directory.SameAnchor, "SAME_EMAIL": directory.SameEmail,
})

// MarshalIdentityRule writes an IdentityRule.
func MarshalIdentityRule(v directory.IdentityRule) graphql.Marshaler { return identityRules.marshal(v) }

// AppendIdentityRule appends the value as MarshalIdentityRule writes it, and reports whether it is not null.
func AppendIdentityRule(b []byte, v directory.IdentityRule) ([]byte, bool) {
	return identityRules.append(b, v)
}

// UnmarshalIdentityRule reads an IdentityRule.
func UnmarshalIdentityRule(v any) (directory.IdentityRule, error) { return identityRules.unmarshal(v) }

var kommoRanks = newEnum(map[string]string{"NEWBIE": "newbie", "CANDIDATE": "candidate", "MASTER": "master"})

// MarshalKommoRank writes a KommoRank; a rank that is new is null.
func MarshalKommoRank(v string) graphql.Marshaler { return kommoRanks.marshal(v) }

// AppendKommoRank appends the value as MarshalKommoRank writes it, and reports whether it is not null.
func AppendKommoRank(b []byte, v string) ([]byte, bool) { return kommoRanks.append(b, v) }

// UnmarshalKommoRank reads a KommoRank.
func UnmarshalKommoRank(v any) (string, error) { return kommoRanks.unmarshal(v) }

var orderDirections = newEnum(map[string]directory.Direction{"ASC": directory.Ascending, "DESC": directory.Descending})

// MarshalOrderDirection writes an OrderDirection.
func MarshalOrderDirection(v directory.Direction) graphql.Marshaler {
	return orderDirections.marshal(v)
}

// UnmarshalOrderDirection reads an OrderDirection.
func UnmarshalOrderDirection(v any) (directory.Direction, error) { return orderDirections.unmarshal(v) }

var phoneKinds = newEnum(map[string]connectors.PhoneKind{
	"MAIN": connectors.PhoneMain, "OFFICE": connectors.PhoneOffice, "MOBILE": connectors.PhoneMobile, "HOME": connectors.PhoneHome,
	"FAX": connectors.PhoneFax, "OTHER": connectors.PhoneOther,
})

// MarshalPhoneKind writes a PhoneKind.
func MarshalPhoneKind(v connectors.PhoneKind) graphql.Marshaler { return phoneKinds.marshal(v) }

// AppendPhoneKind appends the value as MarshalPhoneKind writes it, and reports whether it is not null.
func AppendPhoneKind(b []byte, v connectors.PhoneKind) ([]byte, bool) { return phoneKinds.append(b, v) }

// UnmarshalPhoneKind reads a PhoneKind.
func UnmarshalPhoneKind(v any) (connectors.PhoneKind, error) { return phoneKinds.unmarshal(v) }

var presences = newEnum(map[string]connectors.PresenceState{
	"ONLINE": connectors.PresenceOnline, "AWAY": connectors.PresenceAway, "BUSY": connectors.PresenceBusy, "OFFLINE": connectors.PresenceOffline,
})

// MarshalPresence writes a Presence; one that is not known is null.
func MarshalPresence(v connectors.PresenceState) graphql.Marshaler { return presences.marshal(v) }

// AppendPresence appends the value as MarshalPresence writes it, and reports whether it is not null.
func AppendPresence(b []byte, v connectors.PresenceState) ([]byte, bool) {
	return presences.append(b, v)
}

// UnmarshalPresence reads a Presence.
func UnmarshalPresence(v any) (connectors.PresenceState, error) { return presences.unmarshal(v) }

var sourceErrorCodes = newEnum(map[string]connectors.ErrorKind{
	"UNAUTHORIZED": connectors.KindUnauthorized, "FORBIDDEN": connectors.KindForbidden, "NOT_FOUND": connectors.KindNotFound,
	"INVALID_REQUEST": connectors.KindInvalid, "RATE_LIMITED": connectors.KindRateLimited, "TIMEOUT": connectors.KindTimeout,
	"UNAVAILABLE": connectors.KindUnavailable, "BAD_RESPONSE": connectors.KindBadResponse,
	"SUSPICIOUS_LOSS": connectors.KindSuspiciousLoss,
})

// MarshalSourceErrorCode writes a SourceErrorCode. A kind that no read can have, such as a conflict, is a bad response.
func MarshalSourceErrorCode(v connectors.ErrorKind) graphql.Marshaler {
	if m, ok := sourceErrorCodes.names[v]; ok {
		return m
	}
	return sourceErrorCodes.marshal(connectors.KindBadResponse)
}

// AppendSourceErrorCode appends the value as MarshalSourceErrorCode writes it, and reports whether it is not null.
func AppendSourceErrorCode(b []byte, v connectors.ErrorKind) ([]byte, bool) {
	if b, ok := sourceErrorCodes.append(b, v); ok {
		return b, true
	}
	return sourceErrorCodes.append(b, connectors.KindBadResponse)
}

// SourceErrorCode spells a SourceErrorCode outside of an answer's data.
func SourceErrorCode(v connectors.ErrorKind) string {
	for name, k := range sourceErrorCodes.values {
		if k == v {
			return name
		}
	}
	return "BAD_RESPONSE"
}

// UnmarshalSourceErrorCode reads a SourceErrorCode.
func UnmarshalSourceErrorCode(v any) (connectors.ErrorKind, error) {
	return sourceErrorCodes.unmarshal(v)
}

var credentialStates = newEnum(map[string]connectors.CredentialState{
	"GOOD": connectors.CredentialGood, "EXPIRING": connectors.CredentialExpiring, "EXPIRED": connectors.CredentialExpired,
	"REFUSED": connectors.CredentialRefused,
})

// MarshalCredentialState writes a CredentialState.
func MarshalCredentialState(v connectors.CredentialState) graphql.Marshaler {
	return credentialStates.marshal(v)
}

// AppendCredentialState appends the value as MarshalCredentialState writes it, and reports whether it is not null.
func AppendCredentialState(b []byte, v connectors.CredentialState) ([]byte, bool) {
	return credentialStates.append(b, v)
}

// UnmarshalCredentialState reads a CredentialState.
func UnmarshalCredentialState(v any) (connectors.CredentialState, error) {
	return credentialStates.unmarshal(v)
}

var sourceKinds = newEnum(map[string]connectors.KindName{
	"WORKSECTION": "worksection", "KOMMO": "kommo", "ALTCRAFT": "altcraft", "ROCKET_CHAT": "rocketchat",
})

// otherKind stands for the kinds that have no value of their own.
const otherKind = "OTHER"

// MarshalSourceKind writes a SourceKind.
func MarshalSourceKind(v connectors.KindName) graphql.Marshaler {
	if _, ok := sourceKinds.names[v]; !ok {
		return graphql.MarshalString(otherKind)
	}
	return sourceKinds.marshal(v)
}

// AppendSourceKind appends the value as MarshalSourceKind writes it, and reports whether it is not null.
func AppendSourceKind(b []byte, v connectors.KindName) ([]byte, bool) {
	if b, ok := sourceKinds.append(b, v); ok {
		return b, true
	}
	return plan.AppendString(b, otherKind), true
}

// UnmarshalSourceKind reads a SourceKind.
func UnmarshalSourceKind(v any) (connectors.KindName, error) { return sourceKinds.unmarshal(v) }

var sourceStates = newEnum(map[string]snapshot.State{
	"FRESH": snapshot.Fresh, "STALE": snapshot.Stale, "INCOMPLETE": snapshot.Incomplete, "MISSING": snapshot.Missing,
})

// MarshalSourceState writes a SourceState.
func MarshalSourceState(v snapshot.State) graphql.Marshaler { return sourceStates.marshal(v) }

// AppendSourceState appends the value as MarshalSourceState writes it, and reports whether it is not null.
func AppendSourceState(b []byte, v snapshot.State) ([]byte, bool) { return sourceStates.append(b, v) }

// UnmarshalSourceState reads a SourceState.
func UnmarshalSourceState(v any) (snapshot.State, error) { return sourceStates.unmarshal(v) }

var teamKinds = newEnum(map[string]connectors.TeamKind{
	"COMPANY": connectors.TeamCompany, "CLIENT": connectors.TeamClient, "GROUP": connectors.TeamGroup,
})

// MarshalTeamKind writes a TeamKind.
func MarshalTeamKind(v connectors.TeamKind) graphql.Marshaler { return teamKinds.marshal(v) }

// AppendTeamKind appends the value as MarshalTeamKind writes it, and reports whether it is not null.
func AppendTeamKind(b []byte, v connectors.TeamKind) ([]byte, bool) { return teamKinds.append(b, v) }

// UnmarshalTeamKind reads a TeamKind.
func UnmarshalTeamKind(v any) (connectors.TeamKind, error) { return teamKinds.unmarshal(v) }

var userFacets = newEnum(map[string]directory.UserFacet{
	"SOURCE": directory.UserFacetSource, "SOURCE_SET": directory.UserFacetSourceSet, "TEAM": directory.UserFacetTeam,
	"ROLE": directory.UserFacetRole, "DEPARTMENT": directory.UserFacetDepartment, "ACCESS_LEVEL": directory.UserFacetAccessLevel,
	"ACTIVE": directory.UserFacetActive, "LOCALE": directory.UserFacetLocale,
})

// MarshalUserFacet writes a UserFacet.
func MarshalUserFacet(v directory.UserFacet) graphql.Marshaler { return userFacets.marshal(v) }

// UnmarshalUserFacet reads a UserFacet.
func UnmarshalUserFacet(v any) (directory.UserFacet, error) { return userFacets.unmarshal(v) }

var userOrderFields = newEnum(map[string]directory.UserOrderField{
	"NAME": directory.UserByName, "EMAIL": directory.UserByEmail, "CREATED_AT": directory.UserByCreatedAt,
	"ACCESS_LEVEL": directory.UserByAccessLevel, "ACCOUNTS": directory.UserByAccounts, "LAST_NAME": directory.UserByLastName,
	"TITLE": directory.UserByTitle, "DEPARTMENT": directory.UserByDepartment,
})

// MarshalUserOrderField writes a UserOrderField.
func MarshalUserOrderField(v directory.UserOrderField) graphql.Marshaler {
	return userOrderFields.marshal(v)
}

// UnmarshalUserOrderField reads a UserOrderField.
func UnmarshalUserOrderField(v any) (directory.UserOrderField, error) {
	return userOrderFields.unmarshal(v)
}

var attributeTypes = newEnum(map[string]connectors.CustomType{
	"TEXT": connectors.CustomText, "NUMBER": connectors.CustomNumber, "BOOLEAN": connectors.CustomBoolean, "DATE": connectors.CustomDate,
	"LIST": connectors.CustomList,
})

// MarshalAttributeType writes an AttributeType.
func MarshalAttributeType(v connectors.CustomType) graphql.Marshaler {
	return attributeTypes.marshal(v)
}

// AppendAttributeType appends the value as MarshalAttributeType writes it, and reports whether it is not null.
func AppendAttributeType(b []byte, v connectors.CustomType) ([]byte, bool) {
	return attributeTypes.append(b, v)
}

// UnmarshalAttributeType reads an AttributeType.
func UnmarshalAttributeType(v any) (connectors.CustomType, error) { return attributeTypes.unmarshal(v) }
