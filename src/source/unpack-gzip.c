/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/unpack-class.h"

#include "core/error.h"

#include <gio/gio.h>

typedef struct
{
  PgUnpackInput *input;
  GConverter    *inflater;
  gboolean       is_between; /* one member ended, no other began */
  char           portion[PG_UNPACK_PORTION];
} Gzip;

gpointer
pg_unpack_gzip_begin (PgUnpackInput *input, G_GNUC_UNUSED GError **error)
{
  Gzip *self = g_new (Gzip, 1);

  self->input = input;
  self->inflater = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  self->is_between = FALSE;
  return self;
}

void
pg_unpack_gzip_free (gpointer state)
{
  Gzip *self = state;

  g_object_unref (self->inflater);
  g_free (self);
}

/* Behind a member another one may come, or zeros that fill a block. FALSE: nothing more does. */
static gboolean
find_member (Gzip *self, gboolean *out_found, GError **error)
{
  PgSpan *rest = &self->input->rest;

  *out_found = FALSE;
  while (!*out_found)
    {
      if (!pg_unpack_input_fill (self->input, error))
        return FALSE;
      if (rest->len == 0)
        return TRUE;
      *out_found = rest->data[0] != '\0';
      if (!*out_found)
        pg_span_skip (rest, 1);
    }
  self->is_between = FALSE;
  g_converter_reset (self->inflater);
  return TRUE;
}

/* What zlib says is of no use to who reads it, but for what kind of fault it is. */
static gboolean
fail (const Gzip *self, const GError *cause, GError **error)
{
  gboolean is_cut = g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT);

  g_set_error (error, PG_ERROR, PG_ERROR_DAMAGED, "%s: its gzip data %s", self->input->name,
               is_cut ? "ends too early" : "is damaged");
  return FALSE;
}

/* Inflates what is at hand. More input is wanted if *@out_len is 0 then, and no member ended. */
static gboolean
inflate_some (Gzip *self, gsize *out_len, GError **error)
{
  PgUnpackInput  *input = self->input;
  GConverterFlags flags = input->is_at_end ? G_CONVERTER_INPUT_AT_END : G_CONVERTER_NO_FLAGS;
  g_autoptr (GError) cause = NULL;
  gsize            used = 0;
  GConverterResult result = g_converter_convert (self->inflater, input->rest.data, input->rest.len, self->portion,
                                                 sizeof self->portion, flags, &used, out_len, &cause);

  if (result == G_CONVERTER_ERROR)
    {
      *out_len = 0;
      if (!input->is_at_end && g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
        return TRUE;
      return fail (self, cause, error);
    }
  pg_span_skip (&input->rest, used);
  self->is_between = result == G_CONVERTER_FINISHED;
  return TRUE;
}

gboolean
pg_unpack_gzip_next (gpointer state, PgSpan *out, GError **error)
{
  Gzip    *self = state;
  gsize    len = 0;
  gboolean goes_on = TRUE;

  while (len == 0 && goes_on)
    {
      if (self->is_between && !find_member (self, &goes_on, error))
        return FALSE;
      if (goes_on && (!pg_unpack_input_fill (self->input, error) || !inflate_some (self, &len, error)))
        return FALSE;
    }
  *out = pg_span (self->portion, len);
  return TRUE;
}
