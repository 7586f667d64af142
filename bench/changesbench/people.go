package main

import (
	"context"
	"errors"
	"fmt"
)

const everyone = `query ($after: String) {
  changeCursor
  users(first: 500, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id title accounts { externalId source { name } } }
  }
}`

// user is a person as the graph has them.
type user struct {
	ID, Title string
	Accounts  []struct {
		ExternalID string
		Source     struct{ Name string }
	}
}

// all calls each with every person, and returns a cursor of before.
func (b *bench) all(ctx context.Context, each func(*user)) (cursor string, err error) {
	for after := any(nil); ; {
		var got struct {
			ChangeCursor string
			Users        struct {
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
				Nodes []user
			}
		}
		if err := b.server.query(ctx, everyone, map[string]any{"after": after}, &got); err != nil {
			return "", err
		}
		if cursor == "" {
			cursor = got.ChangeCursor
		}
		for i := range got.Users.Nodes {
			each(&got.Users.Nodes[i])
		}
		if !got.Users.PageInfo.HasNextPage {
			return cursor, nil
		}
		after = got.Users.PageInfo.EndCursor
	}
}

// read reads who has which account, and returns the cursor after which changes follow.
func (b *bench) read(ctx context.Context) (cursor string, err error) {
	b.people, b.titles = make(map[string]*person), make(map[string]string)
	return b.all(ctx, func(u *user) {
		p := &person{id: u.ID}
		for _, a := range u.Accounts {
			p.sources = append(p.sources, a.Source.Name)
			if a.Source.Name == changing {
				b.people[a.ExternalID] = p
			}
		}
	})
}

// verify checks that the graph shows what the last changes told.
func (b *bench) verify(ctx context.Context) error {
	changed, wrong := 0, ""
	_, err := b.all(ctx, func(u *user) {
		for _, a := range u.Accounts {
			if title := b.titles[a.ExternalID]; a.Source.Name == changing && title != "" {
				changed++
				if u.Title != title {
					wrong = fmt.Sprintf("%s has the title %q, want %q", a.ExternalID, u.Title, title)
				}
			}
		}
	})
	switch {
	case err != nil:
		return err
	case wrong != "":
		return errors.New(wrong)
	case changed != len(b.titles):
		return fmt.Errorf("%d people have new titles, want %d", changed, len(b.titles))
	}
	return nil
}
