/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/operands.h"

#include "cli/arguments.h"
#include "cli/input.h"
#include "core/error.h"

#include <string.h>

typedef struct
{
  PgAsker         *asker;
  PgOperandRequest make;
  PgClientRow      show;
  gpointer         user_data;
  PgExit           worst;
} Run;

static void
keep_worst (Run *run, PgExit code)
{
  run->worst = MAX (run->worst, code);
}

/* @place: of the operand, in front of what is said of it. */
static void
fail (Run *run, PgExit code, const char *place, const char *what)
{
  keep_worst (run, pg_arguments_fail (code, "%s%s", place, what));
}

static void
ask (Run *run, const char *operand, const char *place)
{
  g_autoptr (GError) error = NULL;
  JsonObject *request = run->make (operand, run->user_data, &error);

  if (request == NULL)
    fail (run, PG_EXIT_USAGE, place, error->message);
  else
    keep_worst (run, pg_asker_ask (run->asker, request, place, run->show, run->user_data));
}

static void
take_operand (Run *run, PgSpan operand, const char *place)
{
  g_autofree char *text = NULL;

  if (operand.len > PG_OPERAND_MAX)
    fail (run, PG_EXIT_USAGE, place, "expected at most " G_STRINGIFY (PG_OPERAND_MAX) " bytes");
  else if (memchr (operand.data, '\0', operand.len) != NULL)
    fail (run, PG_EXIT_USAGE, place, "expected text, and there is a NUL byte");
  else
    {
      text = g_strndup (operand.data, operand.len);
      ask (run, text, place);
    }
}

static PgSpan
strip (PgSpan line)
{
  while (line.len > 0 && g_ascii_isspace (line.data[0]))
    pg_span_skip (&line, 1);
  while (line.len > 0 && g_ascii_isspace (line.data[line.len - 1]))
    line.len--;
  return line;
}

static void
take_line (Run *run, PgSpan line, const char *place)
{
  PgSpan operand = strip (line);

  if (operand.len > 0 && operand.data[0] != '#')
    take_operand (run, operand, place);
}

static void
take_input (Run *run)
{
  g_autoptr (PgInput) input = pg_input_new ();
  g_autoptr (GError) error = NULL;
  PgInputStep step = PG_INPUT_LINE;
  PgSpan      line;

  while (!pg_asker_is_lost (run->asker) && (step = pg_input_next (input, &line, &error)) > PG_INPUT_END)
    {
      g_autofree char *place = g_strdup_printf ("line %" G_GUINT64_FORMAT ": ", pg_input_number (input));

      if (step == PG_INPUT_LINE)
        take_line (run, line, place);
      else
        fail (run, PG_EXIT_USAGE, place, "the line is too long");
    }
  if (step == PG_INPUT_FAILED)
    fail (run, PG_EXIT_FAILED, "", error->message);
}

PgExit
pg_operands_ask (PgCli *cli, int argc, char **argv, PgOperandRequest make, PgClientRow show, gpointer user_data)
{
  g_autoptr (PgAsker) asker = pg_asker_new (cli);
  Run run = { .asker = asker, .make = make, .show = show, .user_data = user_data };

  for (int i = 1; i < argc && !pg_asker_is_lost (asker); i++)
    if (g_str_equal (argv[i], "-"))
      take_input (&run);
    else
      take_operand (&run, pg_span_from_string (argv[i]), "");
  return run.worst;
}
