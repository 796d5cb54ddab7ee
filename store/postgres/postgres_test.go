package postgres_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	_ "time/tzdata"

	"github.com/jackc/pgx/v5"

	"flattery"
	"flattery/store"
	"flattery/store/postgres"
	"flattery/store/postgres/pgtest"
	"flattery/store/seal"
	"flattery/store/storetest"
)

func open(t *testing.T, dsn flattery.Secret) *postgres.Store {
	t.Helper()
	zone, err := time.LoadLocation(storetest.Zone)
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn, Location: zone, Now: time.Now, Seal: box, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestPromises(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, pgtest.New(t)) })
}

func TestWalls(t *testing.T) {
	dsn := pgtest.New(t)
	s := open(t, dsn)
	c, err := pgx.Connect(t.Context(), string(dsn))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	storetest.Walls(t, s, storetest.Raw{
		Exec: func(ctx context.Context, q string) error {
			_, err := c.PgConn().Exec(ctx, q).ReadAll() // several statements, one transaction
			return err
		},
		Count: func(ctx context.Context, table string) (n int64, err error) {
			return n, c.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&n)
		},
	})
}
