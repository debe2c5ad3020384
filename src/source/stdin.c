/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The standard input, as a log daemon writes to it. It can't be read twice: what is not taken waits here, and the writer
 * waits with it. A source that is made anew goes on where the one before it stopped, be that in the middle of a line. */
#include "source/reader.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define PORTION 65536

/* How far the standard input was read; the process has one, whatever sources come and go. */
typedef struct
{
  PgReader    reader;
  const char *problem;
  char        buffer[PORTION];
} Input;

typedef struct
{
  PgSource base;
  Input   *input;
  gboolean is_at_end;
} StdinSource;

static Input the_input;

static void
start_stdin (PgSource *base, G_GNUC_UNUSED GBytes *position, G_GNUC_UNUSED gint64 since_us, G_GNUC_UNUSED const PgClock *clock)
{
  Input *input = ((StdinSource *) base)->input;

  if (!pg_reader_is_begun (&input->reader))
    pg_reader_begin (&input->reader);
}

static int
get_fd (const PgSource *base)
{
  return ((const StdinSource *) base)->input->problem == NULL ? STDIN_FILENO : -1;
}

/* Reads what is there, without waiting: the descriptor is others' too, and is not made non-blocking. */
static gboolean
read_portion (Input *self, gsize *budget)
{
  struct pollfd wait = { .fd = STDIN_FILENO, .events = POLLIN };
  gssize        n;

  if (self->problem != NULL || poll (&wait, 1, 0) <= 0)
    return FALSE;
  n = read (STDIN_FILENO, self->buffer, MIN (*budget, sizeof self->buffer));
  if (n <= 0)
    {
      if (n == 0)
        self->problem = "the standard input was closed";
      else if (errno != EINTR && errno != EAGAIN)
        self->problem = "the standard input can't be read";
      return FALSE;
    }
  *budget -= (gsize) n;
  pg_reader_push (&self->reader, pg_span (self->buffer, (gsize) n));
  return TRUE;
}

static gboolean
read_stdin (PgSource *base, gsize budget, const PgSourceSink *sink)
{
  StdinSource *self = (StdinSource *) base;

  self->is_at_end = FALSE;
  if (!pg_reader_give (&self->input->reader, base, sink))
    return FALSE;
  while (budget > 0 && read_portion (self->input, &budget))
    if (!pg_reader_give (&self->input->reader, base, sink))
      return FALSE;
  self->is_at_end = budget > 0;
  return !self->is_at_end;
}

static PgSourceState
get_state (const PgSource *base)
{
  const StdinSource *self = (const StdinSource *) base;

  if (self->input->problem != NULL)
    return PG_SOURCE_BLIND;
  return self->is_at_end ? PG_SOURCE_CURRENT : PG_SOURCE_BEHIND;
}

static const char *
get_problem (const PgSource *base)
{
  return ((const StdinSource *) base)->input->problem;
}

/* The end is seen when all before it was taken. */
static gboolean
is_over (const PgSource *base)
{
  return get_problem (base) != NULL;
}

static void
free_stdin (PgSource *base)
{
  g_free (base);
}

static const PgSourceClass stdin_class = {
  .start = start_stdin,
  .fd = get_fd,
  .read = read_stdin,
  .state = get_state,
  .problem = get_problem,
  .is_over = is_over,
  .free = free_stdin,
};

PgSource *
pg_stdin_source_new (G_GNUC_UNUSED const PgSourceSpec *spec, G_GNUC_UNUSED GError **error)
{
  StdinSource *self = g_new0 (StdinSource, 1);

  self->base.class = &stdin_class;
  self->input = &the_input;
  return &self->base;
}
