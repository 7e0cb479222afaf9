package org.hawser.cli.demo;

import org.hawser.spu.program.LogisticRegression;

/** What {@link LogisticRegression} computes, on values that everybody may see. One thread. */
final class PlainRegression {
  private final int batch;
  private final double learningRate;
  private final double[] weights;
  private double bias;

  PlainRegression(LogisticRegression secure) {
    batch = Math.toIntExact(secure.batch());
    learningRate = secure.learningRate();
    weights = new double[secure.features()];
  }

  /** One pass over the samples, batch by batch. */
  void epoch(Patients samples) {
    for (int first = 0; first < samples.count(); first += batch) {
      step(samples.rows(first, first + batch));
    }
  }

  private void step(Patients samples) {
    double[] gradient = new double[weights.length];
    double sum = 0;
    for (int i = 0; i < samples.count(); i++) {
      double[] row = samples.features()[i];
      double error = 1 / (1 + Math.exp(-score(row))) - samples.labels()[i];
      sum += error;
      for (int feature = 0; feature < weights.length; feature++) {
        gradient[feature] += error * row[feature];
      }
    }
    for (int feature = 0; feature < weights.length; feature++) {
      weights[feature] -= learningRate * gradient[feature] / samples.count();
    }
    bias -= learningRate * sum / samples.count();
  }

  private double score(double[] row) {
    double score = bias;
    for (int feature = 0; feature < weights.length; feature++) {
      score += weights[feature] * row[feature];
    }
    return score;
  }

  /** How many rows it tells right. */
  int correct(Patients samples) {
    int correct = 0;
    for (int i = 0; i < samples.count(); i++) {
      boolean benign = score(samples.features()[i]) > 0;
      correct += benign == samples.labels()[i] > 0.5 ? 1 : 0;
    }
    return correct;
  }
}
