"""Worked solutions: the text in which a problem set shows how a problem is solved, read as a solution graph.

A solution is lines of text. GSM8K marks each calculation, `48/2 = <<48/2=24>>24`, and closes with
`#### 72`. The embedded set writes the same form and says more, so that the whole graph can be read back:

    Given: bags = 4
    Given: bag_size = 6
    Given: eaten = 9
    Rule: The total of equal groups is the number of groups times the size of one group.
    Rule: What is left is the amount before minus the amount taken away.
    Relation: left + eaten = bags * bag_size
    4 bags of 6 marbles are <<marbles=bags*bag_size=24>>24 marbles.
    Without the 9 lost marbles there are <<left=marbles-eaten=15>>15 marbles left.
    #### 15

`Given:` names a number of the problem, `Rule:` states one general rule with no number of the problem,
`Relation:` is an equation that holds between named quantities (written where equations are the natural way
to say the problem), and a mark is `<<name=expression=value>>` (GSM8K has no name: `<<expression=value>>`),
followed by the value as the sentence shows it. Names are snake_case; expressions use names, numbers,
`+ - * / // %` and brackets; values are exact.
"""
