package altcraft

import (
	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// usersListRequest is the body of users/list. The token is a plain string here: a connectors.Secret would be sent as <redacted>.
type usersListRequest struct {
	Token     string `json:"token" xml:"token"`
	Format    string `json:"format" xml:"format"`
	AccountID int64  `json:"account_id" xml:"account_id"`
}

// errorCode returns the code of an answer's envelope, which is documented as a number and known to be null; ok is false if there is none, or
// none that is a number.
func errorCode(answer decode.Value) (code int, ok bool) {
	n, ok := answer.Count("error")
	if n == nil {
		return 0, false
	}
	return *n, ok
}

// userList is what users/list answers.
type userList struct {
	rows []decode.Value
	// total is total_count, or nil if it is not told; counted is false if it says something that is no count at all.
	total   *int
	counted bool
	odd     connectors.Anomalies // of what is around the rows
}

// userListOf reads the answer of users/list. No page says how an account without users looks, so every way of writing "nothing" is taken for it:
// an empty array, an empty object, null, or no data at all. What is something else is no list.
func userListOf(r *rest.Response, answer decode.Value) (userList, error) {
	var list userList
	var listed bool
	var err error
	if list.rows, listed, err = r.Rows(answer, "data"); err != nil {
		return userList{}, err
	}
	if !listed && !answer.Null("data") && !answer.Empty("data") {
		return userList{}, r.Unexpected("data")
	}
	list.total, list.counted = answer.Noting(&list.odd).Count("total_count")
	return list, nil
}
