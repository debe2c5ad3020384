/* SPDX-License-Identifier: GPL-3.0-or-later */
/* census-chart: numbers of days as inline SVG, with labels in HTML: they keep their size however wide the page is.
 *
 * What is given as text is written as it is: only text of our own may be. Colours and sizes are the style sheet's.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PgChartSeries: @values of each day; @css: its class; @one and @many: what one and several are called. */
typedef struct
{
  const guint64 *values;
  const char    *css;
  const char    *one;
  const char    *many;
} PgChartSeries;

/** PgChart: @more: (nullable): a phrase below the title; @first_day: number of the first day, in UTC; @n_days: 1 or more. */
typedef struct
{
  const char          *title;
  const char          *more;
  guint32              first_day;
  guint                n_days;
  const PgChartSeries *series;
  guint                n_series;
} PgChart;

/** PgChartShare: a part of a whole. */
typedef struct
{
  guint64     value;
  const char *css;
  const char *name;
} PgChartShare;

/** pg_chart_add_bars: a figure with a bar a day; of one series. */
void pg_chart_add_bars (const PgChart *self, GString *out);

/** pg_chart_add_lines: a figure with a line for each series, and a legend. */
void pg_chart_add_lines (const PgChart *self, GString *out);

/** pg_chart_add_spark: @values without any label, in one line of text. */
void pg_chart_add_spark (const guint64 *values, guint n_days, GString *out);

/** pg_chart_add_shares: one bar of all parts, and a legend; nothing if there are none. */
void pg_chart_add_shares (const PgChartShare *shares, guint n_shares, GString *out);

/**
 * pg_chart_scale:
 * @max: the greatest value
 * @out_step: (out): between two lines: 1, 2 or 5 times a power of ten
 *
 * Returns: how many steps there are, 1 to 5: together at least @max
 */
guint pg_chart_scale (guint64 max, guint64 *out_step);

G_END_DECLS
