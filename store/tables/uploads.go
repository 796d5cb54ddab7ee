package tables

import (
	"context"
	"fmt"

	"flattery"
	"flattery/store"
)

const uploadQuery = `SELECT id, account_id, name, owner, state, likes, made_at, found FROM uploads `

func scanUpload(s Row) (u store.Upload, err error) {
	var made int64
	err = s.Scan(&u.ID, &u.Account, &u.Name, &u.Owner, &u.State, &u.Likes, &made, &u.Found)
	u.MadeAt = at(made)
	return u, err
}

// Upload is the last of an account.
func (s *Reader) Upload(ctx context.Context, account flattery.AccountID) (store.Upload, error) {
	u, err := scanUpload(s.DB.Row(ctx, uploadQuery+`WHERE account_id = ? ORDER BY id DESC LIMIT 1`, account))
	return u, wrap("upload", err)
}

// OpenUploads lists those that are still to be taken in, oldest first.
func (s *Reader) OpenUploads(ctx context.Context) ([]store.Upload, error) {
	list, err := all(ctx, s.DB, scanUpload, uploadQuery+`WHERE state IN ('waits', 'works') ORDER BY id`)
	return list, wrap("uploads", err)
}

func (t *Tx) AddUpload(ctx context.Context, u store.Upload) (int64, error) {
	if err := t.Later(ctx, "uploads", `DELETE FROM uploads WHERE account_id = ? AND state IN ('done', 'failed')`, u.Account); err != nil {
		return 0, err
	}
	id, err := value[int64](t.Row(ctx, `INSERT INTO uploads (account_id, name, owner, state, likes, made_at, found) VALUES (?, ?, ?, 'waits', 0, ?, '') RETURNING id`,
		u.Account, u.Name, u.Owner, seconds(u.MadeAt)))
	return id, wrap("upload", err)
}

func (t *Tx) TakeUpload(ctx context.Context, id int64) error {
	return t.Must(ctx, fmt.Sprintf("upload %d", id), `UPDATE uploads SET state = 'works' WHERE id = ? AND state = 'waits'`, id)
}

func (t *Tx) SaveUpload(ctx context.Context, u store.Upload) error {
	return t.Must(ctx, fmt.Sprintf("upload %d", u.ID), `UPDATE uploads SET state = ?, likes = ?, found = ? WHERE id = ? AND state IN ('waits', 'works')`, u.State, u.Likes, u.Found, u.ID)
}
