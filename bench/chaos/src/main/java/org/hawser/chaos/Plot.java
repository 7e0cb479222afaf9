package org.hawser.chaos;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Draws series over the minutes of a run, one panel a measure, as an SVG image. */
final class Plot {
  private static final int WIDTH = 900;
  private static final int PANEL = 170;
  private static final int LEFT = 60;
  private static final int RIGHT = 20;
  private static final int TOP = 34;
  private static final int MOST_POINTS = 600;
  private static final List<String> COLOURS = List.of("#1f6f8b", "#c8553d", "#5b8c5a");

  private final StringBuilder svg = new StringBuilder();

  private Plot() {}

  static String of(String title, List<Series> all) {
    var plot = new Plot();
    Series.Measure[] measures = Series.Measure.values();
    int height = TOP + measures.length * PANEL;
    plot.add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
            + " font-size=\"12\">",
        WIDTH, height);
    plot.add("<rect width=\"%d\" height=\"%d\" fill=\"white\"/>", WIDTH, height);
    plot.text(LEFT, 20, "start", title);
    for (int i = 0; i < measures.length; i++) {
      Series.Measure measure = measures[i];
      plot.panel(
          TOP + i * PANEL,
          measure,
          all.stream().filter(series -> series.measure == measure).toList());
    }
    plot.add("</svg>");
    return plot.svg.toString();
  }

  private void panel(int top, Series.Measure measure, List<Series> lines) {
    int floor = top + PANEL - 36;
    double most =
        lines.stream().flatMapToDouble(line -> Arrays.stream(line.values())).max().orElse(1);
    double scale = (floor - top - 16) / Math.max(1, most);
    add(
        "<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#999\"/>",
        LEFT, top, floor, WIDTH - RIGHT);
    text(LEFT - 6, floor, "end", "0");
    text(LEFT - 6, top + 20, "end", say("%.0f", most));
    text(LEFT + 6, top + 10, "start", measure.title);
    int seconds = lines.stream().mapToInt(line -> line.values().length).max().orElse(0);
    text(WIDTH - RIGHT, floor + 14, "end", say("%.1f minutes", seconds / 60.0));
    for (int i = 0; i < lines.size(); i++) {
      String colour = COLOURS.get(i % COLOURS.size());
      line(lines.get(i).values(), floor, scale, colour);
      int x = LEFT + i * 260;
      add("<rect x=\"%d\" y=\"%d\" width=\"10\" height=\"3\" fill=\"%s\"/>", x, floor + 9, colour);
      text(
          x + 14,
          floor + 14,
          "start",
          say("%s: %+.2f an hour", lines.get(i).process, lines.get(i).trend()));
    }
  }

  /** Of many values for one point the largest is drawn. */
  private void line(double[] values, int floor, double scale, String colour) {
    int width = Math.max(1, (values.length + MOST_POINTS - 1) / MOST_POINTS);
    var points = new StringBuilder();
    for (int from = 0; from < values.length; from += width) {
      int to = Math.min(values.length, from + width);
      double value = Arrays.stream(values, from, to).max().orElse(0);
      double x = LEFT + (double) from / values.length * (WIDTH - LEFT - RIGHT);
      points.append(say("%.1f,%.1f ", x, floor - value * scale));
    }
    add("<polyline points=\"%s\" fill=\"none\" stroke=\"%s\"/>", points, colour);
  }

  private void text(int x, int y, String anchor, String text) {
    add("<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>", x, y, anchor, text);
  }

  private void add(String format, Object... values) {
    svg.append(say(format, values)).append('\n');
  }

  private static String say(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
