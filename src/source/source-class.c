/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/source-class.h"

gboolean
pg_source_give (PgSource *self, PgSpan line, const PgSourceSink *sink)
{
  if (self->format == PG_HEAD_UNKNOWN)
    self->format = pg_head_guess (line);
  /* A line that does not even tell the format is nobody's login. */
  return self->format == PG_HEAD_UNKNOWN || sink->take (line, self->format, sink->user_data);
}
