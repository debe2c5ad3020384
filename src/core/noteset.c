/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/noteset.h"

#include "core/netset.h"

#define N_KINDS (PG_NOTE_FREEZE + 1)

/* @by_id owns the notes; the others find them by what they are about. */
struct _PgNoteset
{
  GHashTable   *by_id; /* &note->id -> PgNote */
  PgNetset     *by_network[N_KINDS];
  GHashTable   *by_user[N_KINDS]; /* note->user -> PgNote */
  const PgNote *freeze;
};

PgNoteset *
pg_noteset_new (void)
{
  PgNoteset *self = g_new0 (PgNoteset, 1);

  self->by_id = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  for (guint kind = 0; kind < N_KINDS; kind++)
    {
      self->by_network[kind] = pg_netset_new (NULL);
      self->by_user[kind] = g_hash_table_new (g_str_hash, g_str_equal);
    }
  return self;
}

void
pg_noteset_free (PgNoteset *self)
{
  if (self == NULL)
    return;
  for (guint kind = 0; kind < N_KINDS; kind++)
    {
      pg_netset_free (self->by_network[kind]);
      g_hash_table_unref (self->by_user[kind]);
    }
  g_hash_table_unref (self->by_id);
  g_free (self);
}

void
pg_noteset_swap (PgNoteset *self, PgNoteset *other)
{
  PgNoteset mine = *self;

  *self = *other;
  *other = mine;
}

const PgNote *
pg_noteset_find (const PgNoteset *self, PgNoteKind kind, const PgNote *like)
{
  switch (like->target)
    {
    case PG_NOTE_NETWORK:
      return pg_netset_get (self->by_network[kind], &like->network);
    case PG_NOTE_USER:
      return g_hash_table_lookup (self->by_user[kind], like->user);
    case PG_NOTE_ALL:
      break;
    }
  return kind == PG_NOTE_FREEZE ? self->freeze : NULL;
}

void
pg_noteset_add (PgNoteset *self, const PgNote *note)
{
  const PgNote *old = pg_noteset_find (self, note->kind, note);
  PgNote       *own = g_memdup2 (note, sizeof *note);

  if (old != NULL)
    pg_noteset_remove (self, old->id);
  pg_noteset_remove (self, own->id);
  g_hash_table_replace (self->by_id, &own->id, own);
  if (own->target == PG_NOTE_NETWORK)
    pg_netset_add (self->by_network[own->kind], &own->network, own);
  else if (own->target == PG_NOTE_USER)
    g_hash_table_replace (self->by_user[own->kind], own->user, own);
  else
    self->freeze = own;
}

gboolean
pg_noteset_remove (PgNoteset *self, guint64 id)
{
  const PgNote *note = pg_noteset_get (self, id);

  if (note == NULL)
    return FALSE;
  if (note->target == PG_NOTE_NETWORK)
    pg_netset_remove (self->by_network[note->kind], &note->network);
  else if (note->target == PG_NOTE_USER)
    g_hash_table_remove (self->by_user[note->kind], note->user);
  else
    self->freeze = NULL;
  return g_hash_table_remove (self->by_id, &id);
}

const PgNote *
pg_noteset_get (const PgNoteset *self, guint64 id)
{
  return g_hash_table_lookup (self->by_id, &id);
}

static gint
compare_ids (gconstpointer a, gconstpointer b)
{
  const PgNote *const *left = a;
  const PgNote *const *right = b;

  return ((*left)->id > (*right)->id) - ((*left)->id < (*right)->id);
}

GPtrArray *
pg_noteset_list (const PgNoteset *self)
{
  GPtrArray     *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer       note;

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, NULL, &note))
    g_ptr_array_add (list, note);
  g_ptr_array_sort (list, compare_ids);
  return list;
}

guint
pg_noteset_size (const PgNoteset *self)
{
  return g_hash_table_size (self->by_id);
}

static gboolean
is_in_force (const PgNote *note, gint64 now_us)
{
  return note != NULL && now_us < note->until_us;
}

const PgNote *
pg_noteset_freeze (const PgNoteset *self, gint64 now_us)
{
  return is_in_force (self->freeze, now_us) ? self->freeze : NULL;
}

const PgNote *
pg_noteset_covering (const PgNoteset *self, PgNoteKind kind, const PgAddress *address, gint64 now_us)
{
  gint     cursor = PG_NETSET_START;
  gpointer note;

  while (pg_netset_next_cover (self->by_network[kind], address, &cursor, NULL, &note))
    if (is_in_force (note, now_us))
      return note;
  return NULL;
}

gint64
pg_noteset_denied_us (const PgNoteset *self, const PgAddress *address, gint64 now_us)
{
  gint64   since_us = G_MAXINT64;
  gint     cursor = PG_NETSET_START;
  gpointer note;

  while (pg_netset_next_cover (self->by_network[PG_NOTE_DENY], address, &cursor, NULL, &note))
    if (is_in_force (note, now_us))
      since_us = MIN (since_us, ((const PgNote *) note)->made_us);
  return since_us;
}

gboolean
pg_noteset_has_user_notes (const PgNoteset *self, gint64 now_us)
{
  GHashTableIter iter;
  gpointer       note;

  if (g_hash_table_size (self->by_user[PG_NOTE_REVOKE]) > 0)
    return TRUE;
  if (g_hash_table_size (self->by_user[PG_NOTE_DENY]) == 0)
    return FALSE;
  g_hash_table_iter_init (&iter, self->by_user[PG_NOTE_DENY]);
  while (g_hash_table_iter_next (&iter, NULL, &note))
    if (is_in_force (note, now_us))
      return TRUE;
  return FALSE;
}

gboolean
pg_noteset_user_counts (const PgNoteset *self, PgSpan user, gint64 login_us, gint64 now_us)
{
  g_autofree char *name = NULL;
  const PgNote    *revoke;

  if (g_hash_table_size (self->by_user[PG_NOTE_REVOKE]) == 0 && g_hash_table_size (self->by_user[PG_NOTE_DENY]) == 0)
    return TRUE;
  name = g_ascii_strdown (user.data, (gssize) user.len);
  revoke = g_hash_table_lookup (self->by_user[PG_NOTE_REVOKE], name);
  if (revoke != NULL && login_us <= revoke->made_us)
    return FALSE;
  return !is_in_force (g_hash_table_lookup (self->by_user[PG_NOTE_DENY], name), now_us);
}

gint64
pg_noteset_revoked_us (const PgNoteset *self, const PgAddress *address)
{
  gint     cursor = PG_NETSET_START;
  gint64   newest_us = PG_NOTESET_NEVER;
  gpointer note;

  while (pg_netset_next_cover (self->by_network[PG_NOTE_REVOKE], address, &cursor, NULL, &note))
    newest_us = MAX (newest_us, ((const PgNote *) note)->made_us);
  return newest_us;
}
