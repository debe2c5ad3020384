/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/reply.h"

#include <string.h>

typedef struct
{
  const char *word;
  const char *status; /* NULL: the verdict stands alone */
  const char *stock_text;
} Form;

static const Form forms[] = {
  [PG_VERDICT_DEFER_IF_REJECT] = { "DEFER_IF_REJECT", "4.7.1", "Relay permission cannot be checked now, try again later" },
  [PG_VERDICT_DUNNO] = { "DUNNO", NULL, NULL },
  [PG_VERDICT_OK] = { "OK", NULL, NULL },
  [PG_VERDICT_REJECT] = { "REJECT", "5.7.1", "Relay access denied" },
};

static const Form *
form_of (PgVerdict verdict)
{
  return &forms[(gsize) verdict < G_N_ELEMENTS (forms) ? verdict : PG_VERDICT_DEFER_IF_REJECT];
}

const char *
pg_verdict_to_string (PgVerdict verdict)
{
  return form_of (verdict)->word;
}

gboolean
pg_reply_text_is_valid (const char *text)
{
  gsize len = strlen (text);

  if (len == 0 || len > PG_REPLY_TEXT_MAX || text[0] == ' ' || text[len - 1] == ' ')
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isprint (text[i]))
      return FALSE;
  return TRUE;
}

gsize
pg_reply_format (PgVerdict verdict, const char *text, char buffer[PG_REPLY_MAX])
{
  const Form *form = form_of (verdict);
  char       *end = g_stpcpy (buffer, "action=");

  end = g_stpcpy (end, form->word);
  if (form->status != NULL)
    {
      *end++ = ' ';
      end = g_stpcpy (end, form->status);
      *end++ = ' ';
      end = g_stpcpy (end, text != NULL && pg_reply_text_is_valid (text) ? text : form->stock_text);
    }
  *end++ = '\n';
  *end++ = '\n';
  return (gsize) (end - buffer);
}
