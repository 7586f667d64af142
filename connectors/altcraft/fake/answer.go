package fake

import (
	"net/http"
	"strings"
)

// answer returns the reply to a request, from the data and the options at this moment. Parsed is false if the body could not be parsed, withinLimit is
// false if the call exceeds the rate limit.
func (s *Server) answer(op string, req request, parsed, withinLimit bool) reply {
	s.mu.RLock()
	defer s.mu.RUnlock()
	k := s.options
	rep := reply{xml: req.Format == "xml", cut: k.Fault == FaultCutOff, noErrorField: k.Fault == FaultNoErrorField}
	switch {
	case !withinLimit:
		rep.status, rep.retryAfter = http.StatusTooManyRequests, 1
		return rep.refuse(429)
	case k.Error > 0:
		rep.status = k.ErrorStatus
		return rep.refuse(k.Error)
	case !parsed || (req.Format != "json" && req.Format != "xml"):
		return rep.refuse(400)
	case s.others[req.Token]:
		return rep.refuse(403)
	case !s.admins[req.Token]:
		rep.status, rep.html = k.DenyStatus, k.DenyHTML
		return rep.refuse(401)
	case op == OpAccountsList:
		return s.listAccounts(rep, req)
	}
	return s.listUsers(rep, req)
}

// listUsers answers users/list: the users of one account.
func (s *Server) listUsers(rep reply, req request) reply {
	if req.AccountID == nil {
		return rep.refuse(400)
	}
	account, ok := s.byID[*req.AccountID]
	if !ok {
		switch s.options.Unknown {
		case UnknownNotFound:
			return rep.refuse(404)
		case UnknownEmpty:
			account = &Account{}
		default:
			return rep.refuse(400)
		}
	}
	rows := make([]userRow, 0, len(account.Users))
	for _, u := range account.Users {
		if req.matches(u) {
			rows = append(rows, s.options.row(u))
		}
	}
	total := len(rows)
	if s.options.CountBeforeFilter {
		total = len(account.Users)
	}
	switch limit := s.options.Truncate; {
	case limit < 0:
		rows = nil
	case limit > 0 && limit < len(rows):
		rows = rows[:limit]
	}
	rep.total = &total
	if len(rows) == 0 {
		rep.data, rep.noData = s.options.Empty.shape()
		return rep
	}
	rep.data = userRows{Rows: rows}
	return rep
}

// listAccounts answers accounts/list.
func (s *Server) listAccounts(rep reply, req request) reply {
	from, limit := int64(1), 1000
	if req.FromID != nil {
		from = *req.FromID
	}
	if req.Limit != nil && *req.Limit > 0 {
		limit = *req.Limit
	}
	rows := []accountRow{}
	for _, a := range s.data.Accounts {
		if a.ID >= from && len(rows) < limit {
			rows = append(rows, accountRow{ID: a.ID, Name: a.Name, TimeZone: a.TimeZone, IsActive: !a.Inactive})
		}
	}
	total := len(s.data.Accounts)
	rep.total = &total
	if len(rows) == 0 {
		rep.data, rep.noData = s.options.Empty.shape()
		return rep
	}
	rep.data = accountRows{Rows: rows}
	return rep
}

// matches reports whether a user matches the filters of the request. Languages are compared without case.
func (q request) matches(u User) bool {
	return (q.Active == nil || *q.Active == u.Active) && (q.Master == nil || *q.Master == u.Master) &&
		(q.Lang == nil || strings.EqualFold(*q.Lang, u.Lang))
}

// row returns the row of a user, as the options change it.
func (k *Options) row(u User) userRow {
	row := userRow{
		Username: u.Username, FirstName: u.FirstName, LastName: u.LastName, Email: u.Email, NotifyEmail: u.NotifyEmail,
		Phone: &u.Phone, Lang: u.Lang, Active: &u.Active, Master: u.Master,
	}
	if k.NullPhone && u.Phone == "" {
		row.Phone = nil
	}
	if k.LowerLang {
		row.Lang = strings.ToLower(u.Lang)
	}
	if k.NoActive {
		row.Active = nil
	}
	return row
}

// shape returns the data of an empty list. Absent is true if the answer has no data at all.
func (e Empty) shape() (data any, absent bool) {
	switch e {
	case EmptyNull:
		return nil, false
	case EmptyAbsent:
		return nil, true
	case EmptyObject:
		return struct{}{}, false
	}
	return []struct{}{}, false
}
