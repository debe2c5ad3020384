/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/census-chart.h"

#include "cli/census-words.h"

/* Lines of the scale, beside the one at the bottom. */
#define STEPS_MAX 5

/* Units from the bottom to the top; a day is one unit wide. */
#define HEIGHT 100.0
#define SPARK_HEIGHT 20.0

/* The least that can be seen. */
#define LEAST 0.015

/* Of a day's width; where there are few days a bar is no wider than with eight. */
#define BAR_WIDTH 0.72
#define BAR_WIDTH_MAX 0.09

/* Labels below a chart; every other one is left away on a phone. */
#define DATES_MAX 5

static guint64
max_of (const guint64 *values, guint n)
{
  guint64 max = 0;

  for (guint i = 0; i < n; i++)
    max = MAX (max, values[i]);
  return max;
}

/* In the form of SVG, whatever the locale says. */
static void
add_number (GString *out, double number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (out, g_ascii_formatd (text, sizeof text, "%.2f", number));
}

static double
bar_width (guint n_days)
{
  return MIN (BAR_WIDTH, BAR_WIDTH_MAX * n_days);
}

static double
share_of (guint64 value, guint64 top)
{
  return value == 0 ? 0 : MAX ((double) value / (double) top, LEAST);
}

/* --- the scale ------------------------------------------------------------------------------------------------------- */

guint
pg_chart_scale (guint64 max, guint64 *out_step)
{
  static const guint64 factors[] = { 1, 2, 5 };
  guint64              power = 1;

  for (;; power *= 10)
    for (guint i = 0; i < G_N_ELEMENTS (factors); i++)
      {
        guint64 step = factors[i] * power;

        if (max / step + (max % step > 0) <= STEPS_MAX || power > G_MAXUINT64 / 100)
          {
            *out_step = step;
            return (guint) CLAMP (max / step + (max % step > 0), 1, STEPS_MAX);
          }
      }
}

static guint64
top_of (const PgChart *self, guint *out_n_steps, guint64 *out_step)
{
  guint64 max = 0;

  for (guint i = 0; i < self->n_series; i++)
    max = MAX (max, max_of (self->series[i].values, self->n_days));
  *out_n_steps = pg_chart_scale (max, out_step);
  return *out_n_steps * *out_step;
}

static void
add_scale (guint n_steps, guint64 step, GString *out)
{
  g_string_append (out, "<div class=\"y\" aria-hidden=\"true\">");
  for (guint i = n_steps + 1; i-- > 0;)
    {
      g_autofree char *number = pg_census_number (i * step);

      g_string_append_printf (out, "<span>%s</span>", number);
    }
  g_string_append (out, "</div>\n");
}

static void
add_grid (const PgChart *self, guint n_steps, GString *out)
{
  g_string_append (out, "<path class=\"grid\" d=\"");
  for (guint i = 0; i <= n_steps; i++)
    {
      g_string_append (out, "M0 ");
      add_number (out, HEIGHT * i / n_steps);
      g_string_append_printf (out, "H%u", self->n_days);
    }
  g_string_append (out, "\"/>\n");
}

static void
add_dates (const PgChart *self, GString *out)
{
  guint n = MIN (self->n_days, DATES_MAX);

  g_string_append (out, "<div class=\"x\" aria-hidden=\"true\">");
  for (guint i = 0; i < n; i++)
    {
      guint            day = n > 1 ? (self->n_days - 1) * i / (n - 1) : 0;
      g_autofree char *date = pg_census_date (self->first_day + day, "%-d %b");

      g_string_append_printf (out, "<span>%s</span>", date);
    }
  g_string_append (out, "</div>\n");
}

/* --- what is shown of a day when it is pointed at -------------------------------------------------------------------- */

static void
add_day (const PgChart *self, guint day, GString *out)
{
  g_autofree char *date = pg_census_date (self->first_day + day, "%a %-d %b %Y");

  g_string_append_printf (out, "<g class=\"day\"><title>%s: ", date);
  for (guint i = 0; i < self->n_series; i++)
    {
      const PgChartSeries *series = &self->series[i];
      g_autofree char     *count = pg_census_count (series->values[day], series->one, series->many);

      g_string_append_printf (out, "%s%s", i > 0 ? ", " : "", count);
    }
  g_string_append_printf (out, "</title><rect class=\"hit\" x=\"%u\" y=\"0\" width=\"1\" height=\"100\"/>", day);
}

/* --- figures --------------------------------------------------------------------------------------------------------- */

static void
add_legend (const PgChart *self, GString *out)
{
  if (self->n_series < 2)
    return;
  g_string_append (out, "<ul class=\"legend\">");
  for (guint i = 0; i < self->n_series; i++)
    g_string_append_printf (out, "<li class=\"%s\">%s</li>", self->series[i].css, self->series[i].many);
  g_string_append (out, "</ul>");
}

static void
begin_figure (const PgChart *self, guint n_steps, guint64 step, GString *out)
{
  g_string_append_printf (out, "<figure class=\"card\">\n<figcaption><h2>%s</h2>", self->title);
  add_legend (self, out);
  if (self->more != NULL)
    g_string_append_printf (out, "<p class=\"faint\">%s</p>", self->more);
  g_string_append (out, "</figcaption>\n<div class=\"plot\">\n");
  add_scale (n_steps, step, out);
  g_string_append_printf (out, "<svg viewBox=\"0 0 %u 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"%s\">\n",
                          self->n_days, self->title);
  add_grid (self, n_steps, out);
}

static void
end_figure (const PgChart *self, GString *out)
{
  g_string_append (out, "</svg>\n");
  add_dates (self, out);
  g_string_append (out, "</div>\n</figure>\n");
}

static void
add_bar (const PgChart *self, guint day, guint64 top, GString *out)
{
  double height = HEIGHT * share_of (self->series[0].values[day], top);
  double width = bar_width (self->n_days);

  g_string_append_printf (out, "<rect class=\"bar %s\" x=\"", self->series[0].css);
  add_number (out, day + (1 - width) / 2);
  g_string_append (out, "\" y=\"");
  add_number (out, HEIGHT - height);
  g_string_append (out, "\" width=\"");
  add_number (out, width);
  g_string_append (out, "\" height=\"");
  add_number (out, height);
  g_string_append (out, "\"/></g>\n");
}

void
pg_chart_add_bars (const PgChart *self, GString *out)
{
  guint   n_steps;
  guint64 step;
  guint64 top = top_of (self, &n_steps, &step);

  begin_figure (self, n_steps, step, out);
  for (guint day = 0; day < self->n_days; day++)
    {
      add_day (self, day, out);
      add_bar (self, day, top, out);
    }
  end_figure (self, out);
}

/* From the middle of the first day to that of the last; one day alone is a line from edge to edge. */
static void
add_line (const PgChart *self, const PgChartSeries *series, guint64 top, GString *out)
{
  g_string_append_printf (out, "<polyline class=\"line %s\" points=\"", series->css);
  for (guint day = 0; day < self->n_days; day++)
    {
      double y = HEIGHT - HEIGHT * share_of (series->values[day], top);

      add_number (out, self->n_days > 1 ? day + 0.5 : 0);
      g_string_append_c (out, ',');
      add_number (out, y);
      g_string_append_c (out, ' ');
      if (self->n_days > 1)
        continue;
      g_string_append (out, "1,");
      add_number (out, y);
    }
  g_string_append (out, "\"/>\n");
}

void
pg_chart_add_lines (const PgChart *self, GString *out)
{
  guint   n_steps;
  guint64 step;
  guint64 top = top_of (self, &n_steps, &step);

  begin_figure (self, n_steps, step, out);
  for (guint i = 0; i < self->n_series; i++)
    add_line (self, &self->series[i], top, out);
  for (guint day = 0; day < self->n_days; day++)
    {
      add_day (self, day, out);
      g_string_append (out, "</g>\n");
    }
  end_figure (self, out);
}

void
pg_chart_add_spark (const guint64 *values, guint n_days, GString *out)
{
  guint64 max = max_of (values, n_days);

  g_string_append_printf (out,
                          "<svg class=\"spark\" viewBox=\"0 0 %u 20\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                          "<path d=\"M0 19.5H%u\"/><path class=\"depends\" stroke-width=\"",
                          n_days, n_days);
  add_number (out, bar_width (n_days));
  g_string_append (out, "\" d=\"");
  for (guint day = 0; day < n_days; day++)
    if (values[day] > 0)
      {
        g_string_append_printf (out, "M%u.5 20V", day);
        add_number (out, SPARK_HEIGHT - MAX (SPARK_HEIGHT * share_of (values[day], max), 4));
      }
  g_string_append (out, "\"/></svg>");
}

void
pg_chart_add_shares (const PgChartShare *shares, guint n_shares, GString *out)
{
  guint64 whole = 0;
  double  x = 0;

  for (guint i = 0; i < n_shares; i++)
    whole += shares[i].value;
  if (whole == 0)
    return;
  g_string_append (out, "<svg class=\"shares\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
  for (guint i = 0; i < n_shares; i++)
    {
      double width = 100.0 * (double) shares[i].value / (double) whole;

      g_string_append_printf (out, "<rect class=\"bar %s\" x=\"", shares[i].css);
      add_number (out, x);
      g_string_append (out, "\" y=\"0\" width=\"");
      add_number (out, width);
      g_string_append (out, "\" height=\"1\"/>");
      x += width;
    }
  g_string_append (out, "</svg>\n<ul class=\"legend\">");
  for (guint i = 0; i < n_shares; i++)
    {
      g_autofree char *number = pg_census_number (shares[i].value);

      g_string_append_printf (out, "<li class=\"%s\"><b>%s</b> %s</li>", shares[i].css, number, shares[i].name);
    }
  g_string_append (out, "</ul>\n");
}
