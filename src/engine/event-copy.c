/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event-copy.h"

#include "engine/engine.h"

/* One block: what has a size of its own, and behind it the texts. */
typedef struct
{
  PgEvent event; /* first, so that the block is the event */
  union
  {
    PgLogin login;
    PgNote  note;
    struct
    {
      PgQuery   query;
      PgFinding finding;
    };
  };
  char texts[];
} Block;

static PgSpan
cut (PgSpan text)
{
  return pg_span (text.data, MIN (text.len, PG_EVENT_TEXT_MAX));
}

static PgSpan
cut_string (const char *text)
{
  return text != NULL ? cut (pg_span_from_string (text)) : pg_span (NULL, 0);
}

static PgSpan
keep (char **end, PgSpan text)
{
  PgSpan kept = pg_span (*end, text.len);

  if (text.len > 0)
    memcpy (*end, text.data, text.len);
  *end += text.len;
  return kept;
}

/* The block is zeroed: there is the NUL. */
static const char *
keep_string (char **end, const char *text)
{
  const char *kept = text != NULL ? keep (end, cut_string (text)).data : NULL;

  *end += text != NULL;
  return kept;
}

static gsize
size_of_texts (const PgEvent *event)
{
  gsize size = cut_string (event->why).len + 1 + cut_string (event->problem).len + 1;

  if (event->login != NULL)
    size += cut (event->login->user).len;
  if (event->query != NULL)
    size += cut (event->query->sender).len + cut (event->query->recipient).len + cut (event->query->sasl_username).len;
  return size;
}

static void
keep_query (Block *block, char **end, const PgQuery *query)
{
  block->query = (PgQuery){ .is_rcpt = query->is_rcpt, .has_address = query->has_address, .address = query->address };
  block->query.sender = keep (end, cut (query->sender));
  block->query.recipient = keep (end, cut (query->recipient));
  block->query.sasl_username = keep (end, cut (query->sasl_username));
  block->event.query = &block->query;
}

static void
keep_finding (Block *block, const PgFinding *finding)
{
  block->finding.decision = finding->decision;
  block->finding.decision.text = NULL;
  block->finding.has_record = finding->has_record;
  if (finding->has_record)
    block->finding.record = finding->record;
  block->event.finding = &block->finding;
}

PgEvent *
pg_event_copy (const PgEvent *event, gsize *out_size)
{
  gsize  size = sizeof (Block) + size_of_texts (event);
  Block *block = g_malloc0 (size);
  char  *end = block->texts;

  block->event = *event;
  if (event->login != NULL)
    {
      block->login = *event->login;
      block->login.user = keep (&end, cut (event->login->user));
      block->event.login = &block->login;
    }
  if (event->note != NULL)
    {
      block->note = *event->note;
      block->event.note = &block->note;
    }
  if (event->query != NULL)
    keep_query (block, &end, event->query);
  if (event->finding != NULL)
    keep_finding (block, event->finding);
  block->event.why = keep_string (&end, event->why);
  block->event.problem = keep_string (&end, event->problem);
  *out_size = size;
  return &block->event;
}
