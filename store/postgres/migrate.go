package postgres

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"flattery/store/tables"
)

//go:embed migrations/*.sql
var migrations embed.FS

// lockNumber is of the advisory lock under which one process after the other migrates.
const lockNumber = 0x666c617474657279

// migrate brings the database to this program's schema, each step in a transaction, and River's tables to River's. Of many
// processes one does it, and the others wait.
func (s *Store) migrate(ctx context.Context) error {
	list, err := tables.Migrations(migrations)
	if err != nil {
		return err
	}
	return s.patiently(ctx, func(ctx context.Context) error {
		c, err := s.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer c.Release()
		if _, err := c.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(lockNumber)); err != nil {
			return err
		}
		err = s.forward(ctx, c.Conn(), list)
		_, unlocked := c.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(lockNumber))
		return errors.Join(err, unlocked)
	})
}

func (s *Store) forward(ctx context.Context, c *pgx.Conn, list []tables.Migration) error {
	if _, err := c.Exec(ctx, `CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)`); err != nil {
		return err
	}
	done, err := tables.Applied(ctx, moment{c}, list)
	if err != nil {
		return err
	}
	for _, m := range list[done:] {
		if err := pgx.BeginFunc(ctx, c, func(t pgx.Tx) error { return s.apply(ctx, t, m) }); err != nil {
			return fmt.Errorf("migration %s: %w", m.Name, err)
		}
	}
	m, err := rivermigrate.New(riverpgxv5.New(s.pool), &rivermigrate.Config{Logger: s.warnings()})
	if err == nil {
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		return fmt.Errorf("the tables of the jobs: %w", err)
	}
	return nil
}

func (s *Store) apply(ctx context.Context, t pgx.Tx, m tables.Migration) error {
	if _, err := t.Exec(ctx, m.Text); err != nil {
		return err
	}
	if _, err := t.Exec(ctx, `INSERT INTO migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)`, m.Version, m.Name, m.Checksum, s.opts.Now().Unix()); err != nil {
		return err
	}
	if m.Version > 1 {
		return nil
	}
	_, err := t.Exec(ctx, `INSERT INTO instance (name, value) VALUES ('id', $1)`, rand.Text())
	return err
}
