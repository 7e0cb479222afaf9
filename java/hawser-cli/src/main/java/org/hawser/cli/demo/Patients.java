package org.hawser.cli.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;

/**
 * Samples of patients: breast_cancer.csv (its attribution lies beside it), in an order that is
 * random but always the same.
 *
 * @param features a row a patient
 * @param labels 0 for malignant, 1 for benign
 */
record Patients(double[][] features, double[] labels) {
  private static final String RESOURCE = "breast_cancer.csv";
  private static final long SEED = 569;

  /** All of them; what a party may not know it must leave aside. */
  static Patients all() {
    List<double[]> rows = rows();
    Collections.shuffle(rows, new Random(SEED));
    return new Patients(
        rows.stream().map(row -> Arrays.copyOf(row, row.length - 1)).toArray(double[][]::new),
        rows.stream().mapToDouble(row -> row[row.length - 1]).toArray());
  }

  private static List<double[]> rows() {
    try (var reader =
        new BufferedReader(
            new InputStreamReader(
                Patients.class.getResourceAsStream(RESOURCE), StandardCharsets.US_ASCII))) {
      List<double[]> rows = new ArrayList<>();
      // The first line holds counts and the names of the labels.
      reader
          .lines()
          .skip(1)
          .map(line -> Arrays.stream(line.split(",")).mapToDouble(Double::parseDouble).toArray())
          .forEach(rows::add);
      return rows;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int count() {
    return labels.length;
  }

  int width() {
    return features[0].length;
  }

  /** Some rows only. */
  Patients rows(int from, int to) {
    return new Patients(
        Arrays.copyOfRange(features, from, to), Arrays.copyOfRange(labels, from, to));
  }

  /** Some features only. */
  Patients columns(int from, int to) {
    return new Patients(
        Arrays.stream(features)
            .map(row -> Arrays.copyOfRange(row, from, to))
            .toArray(double[][]::new),
        labels);
  }

  /** Each feature moved and scaled to mean 0 and deviation 1 among the first rows. */
  Patients standardised(int among) {
    double[][] scaled = Arrays.stream(features).map(double[]::clone).toArray(double[][]::new);
    for (int column = 0; column < width(); column++) {
      int c = column;
      double mean = average(IntStream.range(0, among).mapToDouble(i -> features[i][c]).toArray());
      double[] squares =
          IntStream.range(0, among).mapToDouble(i -> Math.pow(features[i][c] - mean, 2)).toArray();
      double deviation = Math.sqrt(average(squares));
      for (double[] row : scaled) {
        row[c] = (row[c] - mean) / deviation;
      }
    }
    return new Patients(scaled, labels);
  }

  private static double average(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  /** The features as a party gives them to a computation. */
  Tensor featureTensor() {
    double[] flat = Arrays.stream(features).flatMapToDouble(Arrays::stream).toArray();
    return Tensor.of(DataType.F32, flat, count(), width());
  }

  Tensor labelTensor() {
    return Tensor.of(DataType.F32, labels, count());
  }
}
