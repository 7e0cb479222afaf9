package org.hawser.simp.ir;

/**
 * What an operation makes, or a graph is given. Defined once, by its graph.
 *
 * @param slot its place among all values of its graph, from 0: whoever runs the graph keeps its
 *     contents there
 * @param name unique in its graph
 */
public record Value(int slot, String name, Type type) {
  @Override
  public String toString() {
    return name;
  }
}
