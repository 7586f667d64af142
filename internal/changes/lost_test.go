package changes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/generation"
	"roster/internal/snapshot"
)

// ending reads what there is, until the reader ends with an error or has to wait.
func ending(t *testing.T, r *Reader) (told []string, err error) {
	t.Helper()
	for {
		events, _, err := r.log.after(r)
		if err != nil || len(events) == 0 {
			return told, err
		}
		for i := range events {
			told, r.at = append(told, events[i].Label), events[i].at
		}
	}
}

func readerAt(t *testing.T, s *sharing, cursor string) *Reader {
	t.Helper()
	r, err := s.log.Reader(cursor)
	if err != nil {
		t.Fatalf("a reader after %s: %v", cursor, err)
	}
	t.Cleanup(r.Close)
	return r
}

// A failover can lose the last commits. Whoever has read one of them is told so, at each replica, before and after there are new ones, wherever the clock of
// the new master is. Whoever has not goes on.
func TestAFailoverThatLosesCommits(t *testing.T) {
	t.Parallel()
	for _, clock := range []time.Duration{-10 * time.Minute, 0, 10 * time.Minute} {
		for _, by := range []string{"the writer", "another replica that has read them", "a replica that has not"} {
			t.Run(fmt.Sprintf("%v %s", clock, by), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					store := new(memoryLog)
					writer, other, late := replicaOf(store, 100), replicaOf(store, 100), replicaOf(store, 100)
					replicas := []*sharing{writer, other, late}
					for i, content := range []string{"a", "b"} {
						for _, s := range replicas[:len(replicas)-i] { // the writer reads first
							s.turn(t, publishedWith(content))
						}
						time.Sleep(time.Second)
					}
					kept := other.log.Cursor()
					late.turn(t, publishedWith("b"))
					before := store.copied()
					writer.turn(t, publishedWith("c"))
					other.turn(t, publishedWith("c"))
					lost := other.log.Cursor()
					if kept == lost {
						t.Fatal("nothing was written")
					}
					var had, slow []*Reader
					for _, s := range []*sharing{writer, other} {
						had, slow = append(had, readerAt(t, s, lost)), append(slow, readerAt(t, s, kept))
					}
					slow, had = append(slow, readerAt(t, late, kept)), append(had, readerAt(t, late, lost)) // a client that comes from another replica
					time.Sleep(time.Second)
					store.lose(before)
					store.set(func() { store.ahead, store.holder = clock, nil })
					writer.writer = nil
					for _, s := range replicas {
						s.look(t.Context(), publishedWith("c"))
					}
					for i, r := range had {
						if _, err := ending(t, r); !errors.Is(err, ErrExpired) {
							t.Errorf("reader %d of what was lost: %v", i, err)
						}
					}
					next := map[string]*sharing{"the writer": writer, "another replica that has read them": other, "a replica that has not": late}[by]
					time.Sleep(time.Second)
					for range 10 { // at first it may be left to the others
						next.turn(t, publishedWith("d"))
						time.Sleep(time.Second)
					}
					for _, s := range replicas {
						s.turn(t, publishedWith("d"))
					}
					for i, r := range slow {
						if told, err := ending(t, r); err != nil || !slices.Contains(told, "d") && !slices.Contains(told, "a") {
							t.Errorf("reader %d of what was not lost: %v, %v", i, told, err)
						}
					}
					fresh := replicaOf(store, 100)
					fresh.turn(t, publishedWith("d"))
					for i, s := range append(replicas, fresh) {
						r, err := s.log.Reader(lost)
						if err == nil { // it can be one that this replica has not read yet
							s.look(t.Context(), publishedWith("d"))
							_, err = ending(t, r)
							r.Close()
						}
						if !errors.Is(err, ErrExpired) {
							t.Errorf("replica %d: the cursor of what was lost: %v", i, err)
						}
						readerAt(t, s, kept)
					}
				})
			})
		}
	}
}

// A client can come with a cursor that this replica has not read yet, however far ahead the clock of the store is. If the store does not have it either, the
// client is told so.
func TestACursorOfAnotherReplica(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{0, time.Hour, -time.Hour} {
		s, store, _ := sharedLog(100)
		store.ahead = ahead
		store.tell("a", "1")
		s.step(t, publishedWith("a"))
		cursor := store.tell("b", "2")
		r, never := readerAt(t, s, cursor), readerAt(t, s, cursor+"0")
		if told, err := ending(t, r); len(told) > 0 || err != nil {
			t.Errorf("%v: before it was read: %v, %v", ahead, told, err)
		}
		_, wake, _ := s.log.after(never)
		over, cancel := context.WithCancel(t.Context()) // who does not want to wait learns the same
		cancel()
		if _, err := never.Next(over, anything); !errors.Is(err, context.Canceled) {
			t.Errorf("%v: before a reading, the reader of a cursor that never was gets %v", ahead, err)
		}
		s.step(t, publishedWith("a"))
		if told, err := ending(t, r); len(told) > 0 || err != nil {
			t.Errorf("%v: before the directory is as new: %v, %v", ahead, told, err)
		}
		select {
		case <-wake:
		default:
			t.Errorf("%v: the reader of a cursor that never was is not woken", ahead)
		}
		if _, err := ending(t, never); !errors.Is(err, ErrExpired) {
			t.Errorf("%v: a cursor that never was: %v", ahead, err)
		}
		if _, err := never.Next(over, anything); !errors.Is(err, ErrExpired) {
			t.Errorf("%v: after it: %v", ahead, err)
		}
		store.tell("c", "3")
		s.step(t, publishedWith("c"))
		if told, err := ending(t, r); strings.Join(told, " ") != "3" || err != nil {
			t.Errorf("%v: it is told %v, %v", ahead, told, err)
		}
	}
}

// Commits that the store loses in the middle, at the beginning or at the end are missing to those who have not read them, and to nobody else.
func TestAStoreThatLosesEntries(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ from, to, first int }{ // first is the first cursor after which a late replica has all
		"all": {0, 3, 3}, "the first": {0, 1, 1}, "one in the middle": {1, 2, 2}, "the last": {2, 3, 3},
	} {
		s, store, _ := sharedLog(100)
		var cursors []string
		for i := range 4 {
			cursors = append(cursors, store.tell(fmt.Sprint(i), fmt.Sprint(i)))
		}
		s.step(t, publishedWith("3"))
		store.set(func() { store.page.Commits = slices.Delete(store.page.Commits, tt.from+1, tt.to+1) })
		late := replicaOf(store, 100)
		for _, replica := range []*sharing{s, late} {
			replica.step(t, publishedWith("3"))
			replica.step(t, publishedWith("3"))
		}
		for i, cursor := range cursors {
			if !s.log.Has(cursor) {
				t.Errorf("%s: cursor %d has expired at the replica that has read all", name, i)
			}
			if got := late.log.Has(cursor); got != (i >= tt.first) {
				t.Errorf("%s: cursor %d at a late replica: %t", name, i, got)
			}
		}
		r, again := readerAt(t, s, cursors[3]), readerAt(t, late, cursors[3])
		store.tell("4", "4")
		for _, replica := range []*sharing{s, late} {
			replica.step(t, publishedWith("4"))
		}
		for _, r := range []*Reader{r, again} {
			if told, err := ending(t, r); strings.Join(told, " ") != "4" || err != nil {
				t.Errorf("%s: afterwards it tells %v, %v", name, told, err)
			}
		}
	}
}

// A commit without changes expires no cursor when it is dropped.
func TestADroppedCommitWithoutChanges(t *testing.T) {
	t.Parallel()
	s, store, _ := sharedLog(100)
	cursor := store.tell("a", "1")
	s.step(t, publishedWith("a"))
	store.tell("a")
	store.tell("a")
	store.set(func() { // the store drops the first two, of which this replica has read one
		store.page.From, store.page.Cut, store.page.Commits = store.page.Commits[0].At, store.page.Commits[1].At, store.page.Commits[2:]
	})
	late := replicaOf(store, 100)
	for i, replica := range []*sharing{s, late} {
		replica.step(t, publishedWith("a"))
		if got := replica.log.Cursor(); got != cursor {
			t.Errorf("replica %d: the cursor of now is %s, want %s", i, got, cursor)
		}
		readerAt(t, replica, cursor)
	}
	if told := labels(t, s.log, cursor); len(told) > 0 {
		t.Errorf("it tells %v", told)
	}
}

// A replica that cannot read the end of the log leaves it to the others for as long as one that does not know its directory.
func TestAnEndThatCannotBeRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, store, from := sharedLog(100)
		store.tell("a", "1")
		store.foreign, store.sealed = false, "log"
		s.turn(t, publishedWith("a"))
		time.Sleep(takeOverAfter - time.Second)
		if s.turn(t, publishedWith("a")); len(store.appends) > 1 {
			t.Fatal("it begins anew although another replica may be able to read the log")
		}
		time.Sleep(2 * time.Second)
		s.turn(t, publishedWith("a"))
		if len(store.appends) != 2 || store.page.ID == "log" {
			t.Errorf("no new log after %v", takeOverAfter)
		}
		if _, err := s.log.Reader(cursorAt(from)); !errors.Is(err, ErrExpired) {
			t.Errorf("a cursor of before: %v", err)
		}
	})
}

// What a state has brought that was undone before a replica could write is told, because somebody may have read it.
func TestWhatIsUndoneDuringATakeOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := new(memoryLog)
		gone, s := replicaOf(store, 100), replicaOf(store, 100)
		gone.turn(t, publishedWith("a"))
		s.turn(t, publishedWith("a"))
		cursor := s.log.Cursor()
		s.turn(t, publishedWith("b"))
		s.turn(t, publishedWith("a"))
		store.set(func() { store.holder = nil })
		s.turn(t, publishedWith("a"))
		if got := strings.Join(labels(t, s.log, cursor), " "); got != "a b b a" { // each of them goes and comes
			t.Errorf("it tells %q", got)
		}
		if s.turn(t, publishedWith("a")) {
			t.Error("it is told again")
		}
	})
}

// peopleIn is labels of changes of people only.
func peopleIn(t *testing.T, l *Log, after string) (out []string) {
	t.Helper()
	events := eventsIn(t, l, after)
	for i := range events {
		if events[i].Kind == User {
			out = append(out, events[i].Label)
		}
	}
	return out
}

func eventsIn(t *testing.T, l *Log, after string) []Event {
	t.Helper()
	events, _, err := l.after(readerAt(t, l.sharing, after))
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// A replica that reads late what others have written knows which of its publications that was about, although it has published one of them twice: it tells what
// came after it, once.
func TestWhatIsUndoneBeforeItIsRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		published string   // after x, before the replica reads the log again
		others    []string // what others write meanwhile: the names of people, or * for the state of a source
		want      string
	}{
		"first of two":                      {"aba", []string{"a"}, "x a a b b a"},
		"first of two, of many":             {"abcba", []string{"a"}, "x a a b b c c b b a"},
		"one in the middle, of many":        {"abcdca", []string{"a", "b", "c"}, "x a a b b c c d d c c a"},
		"both":                              {"aba", []string{"a", "b", "a"}, "x a a b b a"},
		"both, in one commit":               {"aba", []string{"a", "*ba"}, "x a a b b a"},
		"states of sources":                 {"aba", []string{"a", "*", "*"}, "x a a b b a"},
		"one that this one has not":         {"aba", []string{"a", "z", "a"}, "x a a z z a a b b a"},
		"what it has skipped":               {"bcb", []string{"a", "b"}, "x a a b b c c b"},
		"nothing":                           {"aba", nil, "x a a b b a"},
		"all, and the state of the sources": {"ab", []string{"a", "b", "*"}, "x a a b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := new(memoryLog)
				writer, s := replicaOf(store, 100), replicaOf(store, 100)
				writer.turn(t, publishedWith("x"))
				s.turn(t, publishedWith("x"))
				cursor := s.log.Cursor()
				for _, content := range tt.others {
					time.Sleep(time.Second)
					now := publishedWith(strings.TrimPrefix(content, "*"))
					switch content {
					case "*": // a state that is not of objects
						now = publishedWith("a")
						if tt.others[len(tt.others)-2] == "b" {
							now = publishedWith("b")
						}
						now.Collections[0].State = snapshot.Stale
						if writer.end.state.Sources[0].State == snapshot.Stale {
							now.Collections[0].State = snapshot.Fresh
						}
					case "*ba":
						writer.note(publishedWith("b"))
						now = publishedWith("a")
					}
					if !writer.turn(t, now) {
						t.Fatalf("%s: nothing is written", content)
					}
				}
				for _, content := range strings.Split(tt.published, "") {
					s.note(publishedWith(content))
				}
				last := publishedWith(tt.published[len(tt.published)-1:])
				store.set(func() { store.holder = nil })
				time.Sleep(time.Second)
				s.turn(t, last)
				if got := strings.Join(peopleIn(t, s.log, cursor), " "); got != tt.want {
					t.Errorf("it tells %q, want %q", got, tt.want)
				}
				if time.Sleep(time.Second); s.turn(t, last) {
					t.Error("it is told again")
				}
			})
		})
	}
}

// A replica that has read only a part of what others have written, because the store was away between two answers, tells what it has published since, once and
// step by step. No source has arrived.
func TestTheStoreFailsBetweenTwoAnswers(t *testing.T) {
	t.Parallel()
	for _, answers := range []int{1, 2, 3} {
		for _, published := range []string{"abcde", "abcdefgh", "abacadaefg"} {
			t.Run(fmt.Sprint(answers, " ", published), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					store := &memoryLog{pages: 1}
					writer, s := replicaOf(store, 100), replicaOf(store, 100)
					writer.turn(t, publishedWith("x"))
					s.turn(t, publishedWith("x"))
					cursor := s.log.Cursor()
					for _, content := range strings.Split(published[:3], "") {
						time.Sleep(time.Second)
						writer.turn(t, publishedWith(content))
					}
					store.set(func() { store.answers, store.holder = answers, nil })
					want, before := "", "x"
					for i, content := range strings.Split(published, "") {
						if i == 1 {
							s.look(t.Context(), publishedWith(content)) // which reads a part
						} else {
							s.note(publishedWith(content))
						}
						want += before + " " + content + " "
						before = content
					}
					time.Sleep(time.Second)
					store.set(func() { store.answers, store.away = 0, false })
					s.turn(t, publishedWith(before))
					if got := strings.Join(peopleIn(t, s.log, cursor), " ") + " "; got != want {
						t.Errorf("it tells %q, want %q", got, want)
					}
					for _, e := range eventsIn(t, s.log, cursor) {
						if e.Reset {
							t.Errorf("reset of %s", e.Label)
						}
					}
				})
			})
		}
	}
}

// A commit that the store has taken is not told again, although the writer has got no answer, or got it for a second call after the first was cut off.
func TestAnAppendWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for _, answer := range []error{errAway, ErrMoved} {
		for _, taken := range []bool{true, false} {
			for _, published := range []string{"aba|", "aba|b", "abcba|", "aba|aba", "aba|cdaba", "a|b", "a|bacada"} {
				t.Run(fmt.Sprint(answer, " ", taken, " ", published), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						store := new(memoryLog)
						s := replicaOf(store, 100)
						s.turn(t, publishedWith("x"))
						cursor := s.log.Cursor()
						sent, later, _ := strings.Cut(published, "|")
						store.set(func() { store.deaf, store.full = answer, !taken })
						want, before := "", "x"
						for _, content := range strings.Split(sent+later, "") {
							if content != before { // the first of later can be the last of sent
								want += before + " " + content + " "
							}
							before = content
						}
						for _, content := range strings.Split(sent, "") {
							s.note(publishedWith(content))
						}
						last := publishedWith(sent[len(sent)-1:])
						if now := s.look(t.Context(), last); s.write(t.Context(), last, now) {
							t.Fatal("the writer has got an answer")
						}
						for _, content := range strings.Split(later, "") {
							if content != "" {
								last = publishedWith(content)
								s.note(last)
							}
						}
						store.set(func() { store.deaf, store.full = nil, false })
						for range 10 {
							time.Sleep(time.Second)
							s.turn(t, last)
						}
						if got := strings.Join(peopleIn(t, s.log, cursor), " ") + " "; got != want {
							t.Errorf("it tells %q, want %q", got, want)
						}
					})
				})
			}
		}
	}
}

// Readers are told when the store has been away for long: their data goes on, and they would not notice that nothing comes.
func TestReadersAreToldThatTheStoreIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, store, _ := sharedLog(100)
		cursor := store.tell("a", "1")
		s.step(t, publishedWith("a"))
		r := readerAt(t, s, cursor)
		store.set(func() { store.away = true })
		s.step(t, publishedWith("b"))
		time.Sleep(behindFor)
		s.step(t, publishedWith("b"))
		if _, err := ending(t, r); err != nil {
			t.Errorf("within %v: %v", behindFor, err)
		}
		_, wake, _ := s.log.after(r)
		time.Sleep(time.Second)
		s.step(t, publishedWith("b"))
		select {
		case <-wake:
		default:
			t.Error("a reader that waits is not woken")
		}
		if _, err := ending(t, r); !errors.Is(err, ErrUnavailable) {
			t.Errorf("after it: %v", err)
		}
		if _, err := s.log.Reader(cursor); !errors.Is(err, ErrUnavailable) {
			t.Errorf("a reader that comes: %v", err)
		}
		store.set(func() { store.away = false })
		store.tell("b", "2")
		s.step(t, publishedWith("b"))
		if told, err := ending(t, readerAt(t, s, cursor)); strings.Join(told, " ") != "2" || err != nil {
			t.Errorf("afterwards: %v, %v", told, err)
		}
	})
}

// A replica that cannot read what it has written does not begin one log after another without a pause.
func TestAStateThatCannotBeRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memoryLog{stained: true}
		s := replicaOf(store, 100)
		for range 600 {
			now := s.look(t.Context(), publishedWith("a"))
			for s.write(t.Context(), publishedWith("a"), now) {
				now = s.look(t.Context(), publishedWith("a"))
			}
			time.Sleep(time.Second)
		}
		if n := len(store.appends); n < 8 || n > 30 {
			t.Errorf("it has begun %d logs in ten minutes", n)
		}
		store.set(func() { store.stained = false })
		s.turn(t, publishedWith("a"))
		cursor := s.log.Cursor()
		time.Sleep(mostPause)
		s.turn(t, publishedWith("b"))
		if got := strings.Join(labels(t, s.log, cursor), " "); got != "a b" {
			t.Errorf("afterwards it tells %q", got)
		}
	})
}

// A replica keeps one directory of each version, although the times in it make new directories of the same version.
func TestDirectoriesOfOneVersionAreKeptOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := replicaOf(new(memoryLog), 100)
		for range 4 {
			s.turn(t, publishedWith("a"))
		}
		if n := len(s.way.published); n != 1 {
			t.Errorf("it keeps %d directories", n)
		}
	})
}

// A replica that is still loading what the others have does not tell that it has gone.
func TestASlowLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := new(memoryLog)
		first := replicaOf(store, 100)
		first.turn(t, publishedWith("a"))
		cursor := first.log.Cursor()
		first.resign(t.Context())
		s := replicaOf(store, 100)
		nothing := publishedWith("")
		nothing.Collections = publishedWith("a").Collections
		nothing.Collections[0].Present, nothing.Collections[0].Version = false, ""
		s.waits = waitsForKnown
		for range 60 {
			s.turn(t, nothing)
			time.Sleep(time.Second)
		}
		for range 10 { // at first it is left to others
			s.turn(t, publishedWith("b"))
			time.Sleep(time.Second)
		}
		if got := strings.Join(labels(t, s.log, cursor), " "); got != "a" { // one reset, because it does not know the directory of before
			t.Errorf("it tells %q", got)
		}
	})
}

// A commit that the store does not take is not sent each second.
func TestAStoreThatTakesNoCommits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := new(memoryLog)
		s := replicaOf(store, 100)
		s.turn(t, publishedWith("a"))
		cursor := s.log.Cursor()
		store.full, store.tries = true, 0
		for range 600 {
			s.turn(t, publishedWith("b"))
			time.Sleep(time.Second)
		}
		if store.tries < 10 || store.tries > 30 {
			t.Errorf("it was sent %d times in ten minutes", store.tries)
		}
		store.full = false
		time.Sleep(mostPause)
		s.turn(t, publishedWith("b"))
		if got := strings.Join(labels(t, s.log, cursor), " "); got != "a b" {
			t.Errorf("afterwards it tells %q", got)
		}
	})
}

// A writer that has lost its right without knowing it writes nothing, and does not disturb its successor. Both tell the same.
func TestAWriterThatWasReplaced(t *testing.T) {
	t.Parallel()
	store := new(memoryLog)
	first, second := replicaOf(store, 100), replicaOf(store, 100)
	first.turn(t, publishedWith("a"))
	cursor := first.log.Cursor()
	second.turn(t, publishedWith("a"))
	store.set(func() { store.holder = nil }) // it stands still
	second.turn(t, publishedWith("b"))
	appends := len(store.appends)
	first.look(t.Context(), publishedWith("c"))
	first.end.at-- // as if it had read before the other one wrote
	if first.write(t.Context(), publishedWith("c"), time.Now()) || len(store.appends) != appends {
		t.Error("the first one writes although it is not the writer")
	}
	second.turn(t, publishedWith("c"))
	first.turn(t, publishedWith("c"))
	for i, s := range []*sharing{first, second} {
		if got := strings.Join(labels(t, s.log, cursor), " "); got != "a b b c" {
			t.Errorf("replica %d tells %q", i, got)
		}
	}
}

// Of two configurations one writes, until its last replica has gone. Then there is one reset, and not one for each change.
func TestTwoConfigurations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := new(memoryLog)
		older, newer := replicaOf(store, 100), replicaOf(store, 100)
		older.turn(t, publishedBy("one", "a"))
		cursor := older.log.Cursor()
		for i, content := range []string{"b", "c", "d", "e", "f", "g"} {
			if newer.turn(t, publishedBy("two", content)); newer.writer != nil {
				t.Fatalf("the newer one writes in round %d", i)
			}
			older.turn(t, publishedBy("one", content))
			newer.turn(t, publishedBy("two", content))
			time.Sleep(5 * time.Second)
		}
		exact := strings.Join(labels(t, newer.log, cursor), " ")
		if exact != "a b b c c d d e e f f g" {
			t.Errorf("while both run: %q", exact)
		}
		older.resign(t.Context())
		for range 10 {
			newer.turn(t, publishedBy("two", "g"))
			time.Sleep(time.Second)
		}
		newer.turn(t, publishedBy("two", "h"))
		if got := strings.TrimSpace(strings.TrimPrefix(strings.Join(labels(t, newer.log, cursor), " "), exact)); got != "a g h" { // the source, and then changes
			t.Errorf("afterwards: %q", got)
		}
	})
}

// Each change is counted by the replica that has found it, and not again by those that read it.
func TestChangesAreCountedOnce(t *testing.T) {
	t.Parallel()
	store := new(memoryLog)
	first, second := replicaOf(store, 100), replicaOf(store, 100)
	for _, p := range []*generation.Published{publishedWith("a"), publishedWith("b")} {
		first.turn(t, p)
		second.turn(t, p)
	}
	if a, b := first.log.Stats(), second.log.Stats(); a.Appended != int64(a.Length) || b.Appended != 0 || a.Length != b.Length {
		t.Errorf("%+v, %+v", a, b)
	}
}

// While there is no log, there is a cursor, which has expired.
func TestTheCursorOfNoLog(t *testing.T) {
	t.Parallel()
	store := &memoryLog{away: true}
	s := replicaOf(store, 100)
	s.step(t, publishedWith("a"))
	cursor := s.log.Cursor()
	if got := s.log.CursorOf(publishedWith("a").Directory, cursor); got != "none" {
		t.Errorf("the cursor is %q", got)
	}
	if _, err := s.log.Reader(cursor); !errors.Is(err, ErrUnavailable) {
		t.Errorf("while there is no log: %v", err)
	}
	store.away = false
	s.turn(t, publishedWith("a"))
	if _, err := s.log.Reader(cursor); !errors.Is(err, ErrExpired) {
		t.Errorf("afterwards: %v", err)
	}
}
