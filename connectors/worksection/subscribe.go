package worksection

import (
	"cmp"
	"context"
	"strings"

	"roster/connectors"
	"roster/internal/address"
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

// Preview returns what Subscribe would send.
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
	body, err := resp.Document()
	if err != nil {
		return false, err
	}
	task := body.One("data")
	if !task.IsObject() {
		return false, resp.Fail(connectors.KindBadResponse, "the answer holds no task")
	}
	// How the vendor lists subscribers is not documented: elsewhere in a task, people are objects with id, email and name. Addresses are taken too.
	// The list may be left out when it is empty, as other lists are, or because the source does not tell us.
	subscribers, ok := task.Items("subscribers")
	if !ok || task.Blank("subscribers") {
		return false, resp.Fail(connectors.KindBadResponse, "the answer does not say who subscribes")
	}
	nameless, wanted := false, address.Key(in.Email)
	for _, s := range subscribers {
		email := cmp.Or(s.Text("email"), s.Itself())
		if address.Key(email) == wanted {
			return true, nil
		}
		nameless = nameless || !strings.Contains(email, "@")
	}
	if nameless { // it may be the one in question
		return false, resp.Fail(connectors.KindBadResponse, "the answer holds a subscriber without an address")
	}
	return false, nil
}
