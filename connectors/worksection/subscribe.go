package worksection

import (
	"context"
	"encoding/json"
	"strings"

	"roster/connectors"
	"roster/internal/rest"
)

// subscriber subscribes users to tasks. The vendor names a user by the address, not by the ID.
type subscriber struct{ client *client }

// Terms say what the vendor takes.
func (subscriber) Terms() connectors.Terms { return terms }

// taskInputs are our words for what is sent.
var taskInputs = map[string]string{"id_task": "taskId", "email_user": "user", "email": "user"}

func action(in connectors.Subscription) string {
	if in.Off {
		return actionUnsubscribe
	}
	return actionSubscribe
}

// Preview says what Subscribe would send.
func (subscriber) Preview(in connectors.Subscription) connectors.Preview {
	return preview(action(in), taskParams(in))
}

// Subscribe has a user told of what happens to a task, or no longer. The answer says ok and nothing else.
func (s subscriber) Subscribe(ctx context.Context, in connectors.Subscription) error {
	_, err := s.client.change(ctx, action(in), taskParams(in), taskInputs)
	return err
}

// Subscribed reads the task with its subscribers, the only place where they are told.
func (s subscriber) Subscribed(ctx context.Context, in connectors.Subscription) (bool, error) {
	resp, err := s.client.send(ctx, sending{action: actionTask, params: []param{{"id_task", in.TaskID}, {"extra", "subscribers"}}})
	if err != nil {
		return false, inOurWords(err, map[string]string{"id_task": taskInputs["id_task"]})
	}
	var body struct {
		Data one[struct {
			Subscribers *subscribers `json:"subscribers"`
		}] `json:"data"`
	}
	if err := resp.JSON(&body); err != nil {
		return false, err
	}
	if !body.Data.is {
		return false, resp.Fail(connectors.KindBadResponse, "the answer holds no task")
	}
	if body.Data.row.Subscribers == nil || *body.Data.row.Subscribers == nil { // as other empty lists, it may be left out; or the source does not tell us
		return false, resp.Fail(connectors.KindBadResponse, "the answer does not say who subscribes")
	}
	nameless := false
	for _, address := range *body.Data.row.Subscribers {
		if strings.EqualFold(strings.TrimSpace(address), strings.TrimSpace(in.Email)) {
			return true, nil
		}
		nameless = nameless || !strings.Contains(address, "@")
	}
	if nameless { // it may be the one in question
		return false, resp.Fail(connectors.KindBadResponse, "the answer holds a subscriber without an address")
	}
	return false, nil
}

// subscribers are the addresses of a task's subscribers. How the vendor lists them is not documented: elsewhere in a task, people are
// objects with id, email and name. Texts, and an object in the place of the list, are taken too. Anything else, such as PHP's false, tells nothing: nil.
type subscribers []string

// UnmarshalJSON takes a list, or an object by whatever keys, of objects with an address, or of addresses.
func (s *subscribers) UnmarshalJSON(b []byte) error {
	var items []json.RawMessage
	*s = nil
	switch b[0] {
	case '[':
		if err := json.Unmarshal(b, &items); err != nil {
			return err
		}
	case '{':
		var by map[string]json.RawMessage
		if err := json.Unmarshal(b, &by); err != nil {
			return err
		}
		for _, item := range by {
			items = append(items, item)
		}
	default:
		return nil
	}
	*s = subscribers{}
	for _, item := range items {
		var user struct {
			Email rest.Scalar `json:"email"`
		}
		var text rest.Scalar
		switch {
		case string(item) == "null": // nobody
		case json.Unmarshal(item, &user) == nil:
			*s = append(*s, string(user.Email))
		case json.Unmarshal(item, &text) == nil:
			*s = append(*s, string(text))
		}
	}
	return nil
}
