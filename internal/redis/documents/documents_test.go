package documents_test

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"roster/internal/redis/documents"
	"roster/internal/redis/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, redistest.Leaks()...) }

func TestTexts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	here, _ := redistest.Replica(t, redistest.At(server), documents.New)
	there, _ := redistest.Replica(t, redistest.At(server), documents.New)
	if text, err := here.Text(t.Context(), "x"); err != nil || text != "" {
		t.Errorf("what nobody has kept is %q, %v", text, err)
	}
	if _, err := server.Do("SET", "roster:texts:{documents}:kept", "somebody else's"); err != nil {
		t.Fatal(err)
	}
	for i := range 2100 {
		if err := here.KeepText(t.Context(), fmt.Sprint(i), "text "+fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := there.Text(t.Context(), "2099"); err != nil || text != "text 2099" {
		t.Errorf("another replica finds %q, %v", text, err)
	}
	for _, key := range []string{"text", "kept"} {
		words := map[string]string{"text": "HLEN", "kept": "ZCARD"}
		if n, err := server.Do(words[key], "roster:texts:{documents}:"+key); err != nil || n != "2000" {
			t.Errorf("%s holds %q, %v; want 2000", key, n, err)
		}
		if life, err := server.Do("TTL", "roster:texts:{documents}:"+key); err != nil || life == "-1" {
			t.Errorf("%s stays for ever: %q, %v", key, life, err)
		}
	}
}
