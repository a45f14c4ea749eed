"""The lesson's second episode: which species is a penguin of, by the measures of its bill, its flippers and its weight?

cepa reads this file as it stands, and Python runs it where pandas, seaborn, scikit-learn and Keras are installed:

    cepa fit lesson/penguins_model.py -o runs/penguins
    cepa evaluate runs/penguins --data penguins --confusion --figure confusion.png
"""
import pandas as pd
import seaborn as sns
from sklearn.model_selection import train_test_split
from tensorflow import keras

# The data: 344 penguins, of which two have no measures.
penguins = sns.load_dataset('penguins')
penguins_filtered = penguins.drop(columns=['island', 'sex']).dropna()
penguins_features = penguins_filtered.drop(columns=['species'])

# One column a species, of which one is 1 and the others are 0.
target = pd.get_dummies(penguins_filtered['species'])

# A fifth is held back to test with; every species has its share of it.
X_train, X_test, y_train, y_test = train_test_split(
    penguins_features, target, test_size=0.2, random_state=0, shuffle=True, stratify=target)

keras.utils.set_random_seed(2)

inputs = keras.Input(shape=(X_train.shape[1],))
hidden_layer = keras.layers.Dense(10, activation="relu")(inputs)
output_layer = keras.layers.Dense(3, activation="softmax")(hidden_layer)

model = keras.Model(inputs=inputs, outputs=output_layer)
model.compile(optimizer='adam', loss=keras.losses.CategoricalCrossentropy())

history = model.fit(X_train, y_train, epochs=100)
