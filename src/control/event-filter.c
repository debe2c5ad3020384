/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/event-filter.h"

#include "control/message.h"
#include "core/error.h"

typedef struct
{
  const char *name;
  guint       bits;
} Word;

static const Word kinds[] = {
  { "logins", 1 << PG_EVENT_LOGIN },
  { "verdicts", 1 << PG_EVENT_VERDICT },
  { "notes", 1 << PG_EVENT_NOTE | 1 << PG_EVENT_FORGOTTEN },
  { "sources", 1 << PG_EVENT_SOURCE },
  { "store", 1 << PG_EVENT_STORE },
};

static const Word verdicts[] = {
  { "OK", 1 << PG_VERDICT_OK },
  { "DUNNO", 1 << PG_VERDICT_DUNNO },
  { "DEFER_IF_REJECT", 1 << PG_VERDICT_DEFER_IF_REJECT },
  { "REJECT", 1 << PG_VERDICT_REJECT },
};

/* --- parsing --------------------------------------------------------------------------------------------------------- */

static gboolean
add_word (PgSpan word, const Word *words, gsize n_words, guint *set)
{
  for (gsize i = 0; i < n_words; i++)
    if (word.len == strlen (words[i].name) && g_ascii_strncasecmp (words[i].name, word.data, word.len) == 0)
      {
        *set |= words[i].bits;
        return TRUE;
      }
  return FALSE;
}

/* @text: NULL: none are named. */
static gboolean
parse_words (const char *text, const Word *words, gsize n_words, const char *expected, guint *out, GError **error)
{
  PgSpan   rest = pg_span_from_string (text != NULL ? text : "");
  PgSpan   word;
  gboolean more = text != NULL;

  *out = 0;
  while (more)
    {
      more = pg_span_take_until (&rest, ',', &word);
      if (!add_word (more ? word : rest, words, n_words, out))
        {
          g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "\"%s\": expected %s", text, expected);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
parse_net (const char *text, PgEventFilter *out, GError **error)
{
  out->has_net = text != NULL;
  return text == NULL || pg_network_parse (pg_span_from_string (text), &out->net, error);
}

static gboolean
parse_user (const char *text, PgEventFilter *out, GError **error)
{
  if (text != NULL && (text[0] == '\0' || strlen (text) > PG_USER_MAX))
    {
      g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "--user: expected a name of 1 to %d bytes", PG_USER_MAX);
      return FALSE;
    }
  g_strlcpy (out->user, text != NULL ? text : "", sizeof out->user);
  return TRUE;
}

/* A wish that nothing can fulfil is a mistake. */
static gboolean
check_kinds (PgEventFilter *self, GError **error)
{
  if (self->kinds == 0)
    self->kinds = (1 << PG_N_EVENTS) - 1;
  if (self->verdicts != 0)
    self->kinds &= 1 << PG_EVENT_VERDICT;
  if (self->has_net || self->user[0] != '\0')
    self->kinds &= ~(1U << PG_EVENT_SOURCE | 1U << PG_EVENT_STORE);
  if (self->kinds == 0)
    g_set_error_literal (error, PG_ERROR, PG_ERROR_VALUE, "no event of these kinds has such an address, user or verdict");
  return self->kinds != 0;
}

gboolean
pg_event_filter_parse (JsonObject *request, PgEventFilter *out, GError **error)
{
  return parse_words (pg_message_get_string (request, "only"), kinds, G_N_ELEMENTS (kinds),
                      "logins, verdicts, notes, sources or store", &out->kinds, error)
         && parse_words (pg_message_get_string (request, "verdict"), verdicts, G_N_ELEMENTS (verdicts),
                         "OK, DUNNO, DEFER_IF_REJECT or REJECT", &out->verdicts, error)
         && parse_net (pg_message_get_string (request, "address"), out, error)
         && parse_user (pg_message_get_string (request, "user"), out, error) && check_kinds (out, error);
}

/* --- passing --------------------------------------------------------------------------------------------------------- */

static gboolean
is_user (const PgEventFilter *self, PgSpan name)
{
  return name.len == strlen (self->user) && g_ascii_strncasecmp (name.data, self->user, name.len) == 0;
}

static gboolean
overlaps (const PgNetwork *a, const PgNetwork *b)
{
  return pg_network_covers (a, &b->base) || pg_network_covers (b, &a->base);
}

static gboolean
passes_login (const PgEventFilter *self, const PgLogin *login)
{
  return (!self->has_net || pg_network_covers (&self->net, &login->address))
         && (self->user[0] == '\0' || is_user (self, login->user));
}

static gboolean
passes_verdict (const PgEventFilter *self, const PgQuery *query, const PgFinding *finding)
{
  const PgDecision *decision = &finding->decision;

  if (self->verdicts != 0 && (self->verdicts & 1U << decision->verdict) == 0)
    return FALSE;
  if (self->has_net && !(query->has_address && pg_network_covers (&self->net, &query->address)))
    return FALSE;
  return self->user[0] == '\0'
         || (finding->has_record && decision->user >= 0
             && is_user (self, pg_record_user_name (&finding->record, (guint) decision->user)));
}

static gboolean
passes_note (const PgEventFilter *self, const PgNote *note)
{
  if (note->target == PG_NOTE_ALL)
    return TRUE;
  if (self->has_net && !(note->target == PG_NOTE_NETWORK && overlaps (&self->net, &note->network)))
    return FALSE;
  return self->user[0] == '\0' || (note->target == PG_NOTE_USER && is_user (self, pg_span_from_string (note->user)));
}

gboolean
pg_event_filter_passes (const PgEventFilter *self, const PgEvent *event)
{
  if ((self->kinds & 1U << event->kind) == 0)
    return FALSE;
  if (event->kind == PG_EVENT_LOGIN)
    return passes_login (self, event->login);
  if (event->kind == PG_EVENT_VERDICT)
    return passes_verdict (self, event->query, event->finding);
  return event->note == NULL || passes_note (self, event->note);
}
