"""The people of a problem, by their first names.

Names that are also words, months or places (Mark, April, Dallas, Oscar) are not known as names.

>>> people("Natalia gave clips to Ben's sister, and Ben thanked her. In April May left.")
['Natalia', 'Ben']
"""

import re

GIRLS = frozenset(
    "Abigail Ada Adele Agnes Aisha Alexa Alexandra Alice Alicia Alison Alma Amanda Amara Amelia Amina Amy "
    "Ana Andrea Angela Angelina Angie Anita Ann Anna Anne Annie Antonia Ariana Ashley Aubrey Audrey "
    "Barbara Beatrice Becky Bella Bertha Beth Betty Bianca Brenda Bridget Camilla Carla Carmen Carol "
    "Caroline Carolyn Cassandra Catherine Cecilia Celeste Charlotte Chelsea Chloe Christina Christine "
    "Cindy Claire Clara Claudia Courtney Cynthia Daniela Danielle Deborah Denise Diana Diane Dora Doris "
    "Dorothy Edith Eileen Elaine Eleanor Elena Elise Eliza Elizabeth Ella Ellen Eloise Elsa Emily Emma "
    "Erica Erin Esther Eva Evelyn Fatima Fiona Flora Frances Gabriella Georgia Gina Gloria Greta Hailey "
    "Hannah Harriet Heather Helen Helena Ida Ines Ingrid Irene Isabel Isabella Jacqueline Jane Janet "
    "Janice Jenna Jennifer Jenny Jessica Jill Joan Joanna Josephine Judith Judy Julia Julie Juliet Karen "
    "Kate Katherine Kathleen Kathy Katie Kayla Kimberly Kristen Kristina Laila Lara Laura Lauren Leah "
    "Lena Lillian Linda Lisa Lola Louise Lucia Lucy Lydia Maggie Mandy Margaret Maria Marie Marina "
    "Marissa Martha Mary Matilda Maya Megan Melanie Melissa Mia Michelle Miranda Miriam Molly Monica "
    "Nadia Nancy Naomi Natalia Natalie Natasha Nicole Nina Nora Olivia Pamela Patricia Paula Phoebe Priya "
    "Rachel Raquel Rebecca Regina Rita Roberta Rosalie Rosie Ruth Sabrina Sally Samantha Sandra Sara "
    "Sarah Selena Sharon Sheila Shirley Silvia Sonia Sophia Sophie Stella Stephanie Susan Susanna Suzanne "
    "Sylvia Tamara Tanya Tara Teresa Theresa Tiffany Tina Trisha Uma Valerie Vanessa Vera Veronica Vicky "
    "Victoria Vivian Wanda Wendy Yolanda Yvonne Zoe".split()
)
BOYS = frozenset(
    "Aaron Adam Adrian Ahmed Alan Albert Alejandro Alfred Ali Allen Alvin Andre Andrew Andy Anthony "
    "Antonio Arnold Arthur Barry Ben Benjamin Bernard Billy Bob Bobby Boris Brad Bradley Brandon Brendan "
    "Brian Bruce Bruno Bryan Caleb Calvin Carl Carlos Cedric Charles Christian Christopher Clarence Clark "
    "Colin Connor Craig Curtis Damian Daniel Danny Darren Darryl Dave David Dennis Derek Diego Dominic "
    "Donald Doug Douglas Duncan Dylan Eddie Edgar Edmund Eduardo Edward Edwin Eli Elias Elliot Emil Eric "
    "Ernest Ethan Eugene Evan Felix Fernando Francis Francisco Fred Freddy Frederick Gabriel Gary Gavin "
    "Geoffrey George Gerald Gilbert Glen Gordon Greg Gregory Harold Harry Hector Henry Herbert Howard "
    "Hugo Ian Ibrahim Isaac Ivan Jack Jacob Jake Jamal James Jared Jason Javier Jeff Jeffrey Jeremy "
    "Jerome Jerry Jim Jimmy Joe Joel John Johnny Jonah Jonathan Jorge Jose Joseph Josh Joshua Juan Julian "
    "Justin Karl Keith Ken Kenneth Kevin Kyle Larry Lawrence Leo Leon Leonard Lewis Liam Logan Louis "
    "Lucas Luis Luke Malcolm Manuel Marcus Mario Martin Marvin Matt Matthew Maurice Michael Miguel Mike "
    "Mitchell Mohamed Nathan Nathaniel Neil Nicholas Noah Norman Oliver Omar Owen Patrick Paul "
    "Pedro Peter Phil Philip Rafael Ralph Ramon Randy Raymond Ricardo Richard Rick Ricky Robert Roberto "
    "Rodney Roger Roland Ronald Ronnie Ross Roy Russell Ryan Samuel Scott Sean Sergio Seth Shawn Sidney "
    "Simon Stanley Stephen Steve Steven Stuart Ted Terrence Theodore Thomas Tim Timothy Toby Todd Tom "
    "Tommy Tony Travis Trevor Tyler Victor Vincent Walter Warren Wayne William Xavier Zachary".split()
)


def people(problem: str) -> list[str]:
    """Return the known first names in a problem, in their order."""
    found = re.findall(r"\b[A-Z][a-z]+\b", problem)
    return [name for name in dict.fromkeys(found) if name in GIRLS or name in BOYS]
