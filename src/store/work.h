/* SPDX-License-Identifier: GPL-3.0-or-later */
/* work: a long piece of work in a thread, as the one sees it that waits: how far it is, and that it is to end. */
#pragma once

#include "core/error.h"

G_BEGIN_DECLS

/** PgWork: zero: nothing is done yet. All are atomic: one thread works, another one looks and cancels. */
typedef struct
{
  gint n_done;       /* records */
  gint is_anew;      /* the database is being made anew, and not just looked at */
  gint is_cancelled; /* what was done is worth nothing then */
} PgWork;

/** pg_work_go_on: FALSE with @error (PG_ERROR_STORE) set if @self (nullable: never) is cancelled. */
static inline gboolean
pg_work_go_on (PgWork *self, GError **error)
{
  if (self == NULL || g_atomic_int_get (&self->is_cancelled) == 0)
    return TRUE;
  g_set_error_literal (error, PG_ERROR, PG_ERROR_STORE, "cancelled");
  return FALSE;
}

/** pg_work_step: as pg_work_go_on(), and one more record is done. */
static inline gboolean
pg_work_step (PgWork *self, GError **error)
{
  if (self != NULL)
    g_atomic_int_inc (&self->n_done);
  return pg_work_go_on (self, error);
}

G_END_DECLS
