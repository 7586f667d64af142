package fake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Duplicates says what becomes of a call that makes what is there already. The vendor says that it makes no second team or folder of one
// name, and neither what it answers then, nor anything of people.
type Duplicates uint8

// What may become of it.
const (
	DuplicatesExisting Duplicates = iota // it answers with the one that is there
	DuplicatesRefused                    // it refuses, with an error that is nowhere documented
	DuplicatesMade                       // it makes a second one
)

// Cut says whether a connection is cut in the place of an answer.
type Cut uint8

// When it is cut.
const (
	CutNever  Cut = iota
	CutBefore     // nothing has been done
	CutAfter      // it has been done, and nobody is told
)

// Refusal is an error in the place of an answer.
type Refusal struct {
	Code    int
	Message string
	Details string // left out when empty
}

// Task is a task, as far as who is told of it.
type Task struct {
	ID          string
	Subscribers []string // addresses
}

// duplicated is the error of DuplicatesRefused.
var duplicated = Refusal{Code: 15, Message: "Already exists"}

// form is what a call was given.
type form map[string]string

// parseForm takes the parameters from a query or form, and from a JSON object if there is one.
func parseForm(raw string, object []byte) form {
	f := make(form)
	var fields map[string]any
	if json.Unmarshal(object, &fields) == nil {
		for name, value := range fields {
			f[name] = strings.TrimSpace(fmt.Sprint(value))
		}
	}
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		f[unescape(name)] = strings.TrimSpace(unescape(value))
	}
	return f
}

// change does what an action says; it is false for one that changes nothing.
func (s *Server) change(action string, given form) ([]byte, bool) {
	do, ok := map[string]func(form) []byte{
		"add_user": s.addUser, "add_user_group": s.addUserGroup, "add_contact": s.addContact, "add_contact_group": s.addContactGroup,
		"subscribe": s.subscribe, "unsubscribe": s.subscribe, "get_task": s.task,
	}[action]
	if !ok {
		return nil, false
	}
	if slices.Contains(s.options.Denied, action) {
		return failure(20, "access denied"), true
	}
	if r, refused := s.options.Refuse[action]; refused {
		return r.encode(), true
	}
	return do(given), true
}

func (r Refusal) encode() []byte {
	answer := map[string]any{"status": "error", "status_code": r.Code, "message": r.Message}
	if r.Details != "" {
		answer["message_details"] = r.Details
	}
	return encode(answer)
}

// made answers with what was made.
func (s *Server) made(row any) []byte {
	if s.options.BareAnswers {
		return encode(map[string]any{"status": "ok"})
	}
	if s.options.MadeInArray {
		row = []any{row}
	}
	return encode(map[string]any{"status": "ok", "data": row})
}

// hide keeps a new row out of the lists for a while.
func (s *Server) hide(list, id string) {
	s.answers = nil
	if s.options.ListLag > 0 {
		s.hidden[list+id] = time.Now().Add(s.options.ListLag)
	}
}

// shown gives the rows that a list shows by now.
func shown[T any](s *Server, list string, rows []T, id func(T) string) []T {
	if len(s.hidden) == 0 {
		return rows
	}
	now := time.Now()
	return slices.DeleteFunc(slices.Clone(rows), func(row T) bool { return now.Before(s.hidden[list+id(row)]) })
}

// reveal forgets the answers when a row has become visible.
func (s *Server) reveal() {
	now := time.Now()
	for key, at := range s.hidden {
		if !now.Before(at) {
			delete(s.hidden, key)
			s.answers = nil
		}
	}
}

// nextID gives an ID that none of these has. Members and contacts share one series.
func nextID(ids ...string) string {
	next := uint64(1000)
	for _, id := range ids {
		if n, err := strconv.ParseUint(id, 10, 64); err == nil && n >= next {
			next = n + 1
		}
	}
	return strconv.FormatUint(next, 10)
}

func (s *Server) nextPersonID() string {
	var ids []string
	for _, u := range s.data.Users {
		ids = append(ids, u.ID)
	}
	for _, c := range s.data.Contacts {
		ids = append(ids, c.ID)
	}
	return nextID(ids...)
}

// duplicate finds what is there already, and says what becomes of the call; nil where it goes on.
func duplicate[T any](s *Server, rows []T, same func(T) bool, row func(T) any, otherwise Duplicates) []byte {
	i := slices.IndexFunc(rows, same)
	if i < 0 {
		return nil
	}
	switch cmp.Or(s.options.Duplicates, otherwise) {
	case DuplicatesRefused:
		return duplicated.encode()
	case DuplicatesMade:
		return nil
	case DuplicatesExisting:
	}
	return s.made(row(rows[i]))
}

func validAddress(address string) bool {
	local, host, ok := strings.Cut(address, "@")
	return ok && local != "" && strings.Contains(host, ".") && !strings.ContainsAny(address, " ,;")
}

// checkEmail gives the error of an address that is missing or malformed; nil for a good one.
func checkEmail(name, address string) []byte {
	switch {
	case address == "":
		return Refusal{10, "Field is required", name}.encode()
	case !validAddress(address):
		return Refusal{11, "Invalid email", address}.encode()
	}
	return nil
}

func (s *Server) addUser(f form) []byte {
	if fault := checkEmail("email", f["email"]); fault != nil {
		return fault
	}
	same := func(u User) bool { return strings.EqualFold(u.Email, f["email"]) }
	if b := duplicate(s, s.data.Users, same, func(u User) any { return s.options.madeUser(u) }, DuplicatesExisting); b != nil {
		return b
	}
	local, _, _ := strings.Cut(f["email"], "@")
	team := f["group"]
	if team == "" && len(s.data.Groups) > 0 {
		team = s.data.Groups[0].Title
	}
	rate := 10.0
	u := User{
		Person: Person{
			ID: s.nextPersonID(), FirstName: cmp.Or(f["first_name"], local), LastName: f["last_name"], Title: f["title"], Group: team, Email: f["email"],
			DateAdded: time.Now().Format("2006-01-02 15:04"),
		},
		Department: f["department"], Role: cmp.Or(f["role"], "user"), Rate: &rate,
	}
	s.data.Users = append(s.data.Users, u)
	s.hide("get_users", u.ID)
	return s.made(s.options.madeUser(u))
}

// madeUser is the answer to add_user, which has fewer fields than the list.
func (k Options) madeUser(u User) any {
	row := k.user(u)
	row.Role = new(strings.ToUpper(u.Role[:min(1, len(u.Role))]) + u.Role[min(1, len(u.Role)):])
	row.URL, row.Services, row.DateAdded, row.DataAdded = "", nil, "", ""
	return row
}

func (s *Server) addUserGroup(f form) []byte {
	if f["title"] == "" {
		return Refusal{10, "Field is required", "title"}.encode()
	}
	same := func(g Group) bool { return g.Title == f["title"] }
	if b := duplicate(s, s.data.Groups, same, func(g Group) any { return s.options.group(g) }, DuplicatesExisting); b != nil {
		return b
	}
	var ids []string
	for _, g := range s.data.Groups {
		ids = append(ids, g.ID)
	}
	g := Group{ID: nextID(ids...), Title: f["title"], Client: f["client"] == "1"}
	s.data.Groups = append(s.data.Groups, g)
	s.hide("get_user_groups", g.ID)
	return s.made(s.options.group(g))
}

func (s *Server) addContact(f form) []byte {
	if fault := checkEmail("email", f["email"]); fault != nil {
		return fault
	}
	if f["name"] == "" {
		return Refusal{10, "Field is required", "name"}.encode()
	}
	same := func(c Contact) bool { return strings.EqualFold(c.Email, f["email"]) }
	if b := duplicate(s, s.data.Contacts, same, func(c Contact) any { return s.options.contact(c) }, DuplicatesMade); b != nil {
		return b
	}
	first, last, _ := strings.Cut(f["name"], " ")
	c := Contact{Person{
		ID: s.nextPersonID(), FirstName: first, LastName: last, Name: f["name"], Title: f["title"], Group: cmp.Or(f["group"], "DEFAULT"), Email: f["email"],
		Phone: f["phone"], Phone2: f["phone2"], Phone3: f["phone3"], Phone4: f["phone4"], Address: f["address"], Address2: f["address2"],
	}}
	s.data.Contacts = append(s.data.Contacts, c)
	s.hide("get_contacts", c.ID)
	return s.made(s.options.contact(c))
}

func (s *Server) addContactGroup(f form) []byte {
	if f["title"] == "" {
		return Refusal{10, "Field is required", "title"}.encode()
	}
	same := func(g ContactGroup) bool { return g.Title == f["title"] }
	if b := duplicate(s, s.data.ContactGroups, same, func(g ContactGroup) any { return s.options.contactGroup(g) }, DuplicatesExisting); b != nil {
		return b
	}
	var ids []string
	for _, g := range s.data.ContactGroups {
		ids = append(ids, g.ID)
	}
	g := ContactGroup{ID: nextID(ids...), Title: f["title"]}
	s.data.ContactGroups = append(s.data.ContactGroups, g)
	s.hide("get_contact_groups", g.ID)
	return s.made(s.options.contactGroup(g))
}

func (s *Server) subscribe(f form) []byte {
	t := slices.IndexFunc(s.data.Tasks, func(t Task) bool { return t.ID == f["id_task"] })
	if t < 0 {
		return Refusal{5, "Task is invalid", ""}.encode()
	}
	address := f["email_user"]
	if !slices.ContainsFunc(s.data.Users, func(u User) bool { return strings.EqualFold(s.options.user(u).Email, address) }) {
		return Refusal{11, "Invalid email", url.QueryEscape(address)}.encode()
	}
	others := slices.DeleteFunc(slices.Clone(s.data.Tasks[t].Subscribers), func(a string) bool { return strings.EqualFold(a, address) })
	if f["action"] == "subscribe" {
		others = append(others, address)
	}
	s.data.Tasks = slices.Clone(s.data.Tasks)
	s.data.Tasks[t].Subscribers = others
	return encode(map[string]any{"status": "ok"})
}

// task tells who subscribes to a task.
func (s *Server) task(f form) []byte {
	t := slices.IndexFunc(s.data.Tasks, func(t Task) bool { return t.ID == f["id_task"] })
	if t < 0 {
		return Refusal{5, "Task is invalid", ""}.encode()
	}
	row := map[string]any{"id": s.data.Tasks[t].ID, "name": "A task", "status": "active"}
	if f["extra"] == "subscribers" && !s.options.NoSubscribers && (len(s.data.Tasks[t].Subscribers) > 0 || !s.options.NoEmptyData) {
		people := []any{}
		for _, address := range s.data.Tasks[t].Subscribers {
			people = append(people, map[string]any{"email": address, "name": address})
		}
		row["subscribers"] = people
	}
	return encode(map[string]any{"status": "ok", "data": row})
}
